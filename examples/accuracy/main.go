// Accuracy writes docs/accuracy.md and its figures: what the sweeps of the folder sweeps
// have measured. `make accuracy` runs them first. It reads
//
//	sweeps/NAME.yaml   a plan, with the axes seed, bits and method
//	sweeps/NAME.jsonl  a line for each of its trials that has finished
//
// With -quick it measures five networks briefly instead, as [quick] says, and fails
// if an accuracy has fallen.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
)

func main() {
	log.SetFlags(0)
	short := flag.Bool("quick", false, "measure five networks briefly, and compare with the reference")
	only := flag.String("only", "", "with -quick: a regular expression for the cells, such as 'resnet8 W2A2 QAT'")
	seed := flag.Uint64("seed", 1, "with -quick: the seed")
	update := flag.Bool("update", false, "with -quick: write the reference and its page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := func() error {
		if *short {
			return runQuick(ctx, *only, *seed, *update)
		}
		return writeBits(".")
	}()
	if err != nil {
		log.Fatal("accuracy: ", err)
	}
}
