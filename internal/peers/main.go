package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"

	"petrify/internal/atomicfile"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("peers: ")
	turns := flag.Int("turns", 7, "how often each side of a row is measured")
	only := flag.String("only", "", "measure only rows whose name contains `TEXT`")
	out := flag.String("o", "runs/bench-peers", "write `NAME`.json and NAME.md")
	memory := flag.Bool("memory", false, "only train the network of the memory row: its process is what is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *memory {
		err = trainForMemory(ctx)
	} else {
		err = run(ctx, *turns, *only, *out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, turns int, only, out string) error {
	if turns < 1 {
		return fmt.Errorf("-turns %d: want at least 1", turns)
	}
	python, err := startPython(ctx)
	if err != nil {
		return err
	}
	defer python.stop()
	report := newReport(python.versions)
	for _, r := range rows(python) {
		if !strings.Contains(r.Name, only) {
			continue
		}
		result, err := r.measure(ctx, turns)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
		fmt.Fprintf(os.Stderr, "%-52s %s\n", r.Name, result.verdict())
		report.Rows = append(report.Rows, result)
	}
	if only == "" {
		if report.Growth, err = growth(ctx); err != nil {
			return err
		}
	}
	fmt.Print(report.markdown())
	if err := os.MkdirAll("runs", 0o777); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(out+".md", []byte(report.markdown())); err != nil {
		return err
	}
	return atomicfile.WriteFile(out+".json", report.json())
}
