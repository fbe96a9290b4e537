package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	match := flag.String("match", "", "only mutants of files that match this regular expression")
	some := flag.Int("some", 0, "only this many mutants, others each day")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", *match, *some); err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// run tries the chosen mutants of the module in root and prints a line for
// each.
func run(ctx context.Context, root, match string, some int) error {
	pattern, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	var chosen []mutant
	for _, m := range mutants {
		if pattern.MatchString(m.file) {
			chosen = append(chosen, m)
		}
	}
	if some > 0 {
		chosen = rotate(chosen, some, int(time.Now().Unix()/86400))
	}
	count := 0
	for _, m := range chosen {
		begin := time.Now()
		verdict, err := m.try(ctx, root)
		if err != nil {
			return err
		}
		if verdict == noticed {
			count++
		}
		fmt.Printf("%-7s %5.1f s  %s: %q → %q\n", verdict, time.Since(begin).Seconds(), m.file, m.old, m.new)
	}
	fmt.Printf("%d of %d noticed\n", count, len(chosen))
	if count < len(chosen) {
		return fmt.Errorf("%d mutants were not noticed: write the tests that do", len(chosen)-count)
	}
	return nil
}

// rotate chooses n mutants, those after the ones of the day before.
func rotate(all []mutant, n, day int) (some []mutant) {
	for i := range min(n, len(all)) {
		some = append(some, all[(day*n+i)%len(all)])
	}
	return some
}
