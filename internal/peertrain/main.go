package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	today, _ := strconv.ParseUint(time.Now().UTC().Format("20060102"), 10, 64)
	seed := flag.Uint64("seed", today, "what is drawn; the day, if not given")
	from := flag.Int("from", 0, "the first network")
	networks := flag.Int("networks", 200, "how many")
	only := flag.Int("only", -1, "this network alone")
	smaller := flag.Bool("shrink", false, "make networks that differ smaller, as long as they differ")
	dump := flag.Bool("dump", false, "write what the peer reads, and do not start it")
	peers := flag.Int("peers", 2, "processes of the peer")
	folder := flag.String("peer", "internal/peertrain/peer", "the peer's folder")
	flag.Parse()
	c := campaign{seed: *seed, from: *from, networks: *networks, peers: *peers, folder: *folder, shrink: *smaller}
	if *only >= 0 {
		c.from, c.networks, c.peers = *only, 1, 1
	}
	run := c.run
	if *dump {
		run = c.dump
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// dump writes the records.
func (c campaign) dump() error {
	for n := c.from; n < c.from+c.networks; n++ {
		r, err := draw(c.seed, n).train()
		if err != nil {
			return fmt.Errorf("network %d: %w", n, err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}
