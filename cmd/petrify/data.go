package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/config"
)

func (c *command) data() *cobra.Command {
	var s settings
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "data [PATH]",
		Short: "Show what is read from a data set, and how, without training",
		Long: `Show what train would read: the samples and classes of each split, which columns
or pictures are used and which are skipped, the range of the values, and anything
that looks like a mistake. PATH is the name of a data set, a file or a folder; by
default, it is the configuration's key dataset.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return oneArgument(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := s.flags(cmd)
			for _, path := range args {
				flags = append(flags, config.Override{Flag: path, Key: "dataset", Value: strconv.Quote(path)})
			}
			loaded, err := s.load(c.stdin, flags)
			if err != nil {
				return err
			}
			set, err := c.open(cmd.Context(), loaded.Dataset, loaded.Data)
			if err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(set.Account)
			}
			_, err = fmt.Fprint(c.stdout, set.Account)
			return err
		},
	}
	s.defineReading(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, as in summary.json")
	return cmd
}

// open opens a data set.
func (c *command) open(ctx context.Context, name string, options datasets.Options) (*datasets.Set, error) {
	done := c.watch(&options)
	data, err := datasets.OpenContext(ctx, name, options)
	return data, done(err)
}

// watch lets reading with the options show its progress on a terminal and keep
// within the memory that there is. done ends it.
func (c *command) watch(options *datasets.Options) (done func(error) error) {
	p, limited := newProgress(c.stderr), time.Now()
	p.quiet = c.quiet
	options.Progress, options.Reading = p.download, func(file string, done, total int64) {
		if p.reading(file, done, total); time.Since(limited) > interval {
			limitGarbage()
			limited = time.Now()
		}
	}
	r, _ := narrowest(rooms())
	options.Memory, options.Free = r.free, r.free
	if free := available(); options.Free == 0 || free > 0 && free < options.Free {
		options.Free = free
	}
	return func(err error) error {
		p.clear()
		spareMemory()
		return dataWithin(r, err)
	}
}

// spareMemory collects garbage, unless there can be little, and limits what
// follows.
func spareMemory() {
	if counted("/memory/classes/heap/objects:bytes") > 32<<20 {
		runtime.GC()
	}
	limitGarbage()
}

// limitGarbage limits garbage to a sixteenth of the memory in use and a little
// more, where Go would allow as much again. With large data that would be a
// lot, and since they hold no pointers, collecting it costs little. GOGC takes
// precedence.
func limitGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	used := max(counted("/gc/heap/live:bytes"), 1)
	debug.SetGCPercent(int(min(100, 100*(used/16+16<<20)/used)))
}
