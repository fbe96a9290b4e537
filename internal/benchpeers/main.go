package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"petrify/internal/kernel"
)

func main() {
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "benchpeers:", err)
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	pace
	only          string
	out, document string
	sides         string // the folder of the peers' programs
	profile       string
	from          string
}

func command() error {
	var o options
	flag.IntVar(&o.rounds, "rounds", 9, "turns of each side")
	flag.Float64Var(&o.seconds, "seconds", 0.3, "length of a turn, at least")
	flag.DurationVar(&o.patience, "patience", 30*time.Second,
		"how long a contest that goes by the clock may repeat rounds because other processes are busy")
	flag.StringVar(&o.only, "only", "", "a regular expression: contests to run; empty: all")
	flag.StringVar(&o.out, "out", "", "folder for results.json and results.md")
	flag.StringVar(&o.document, "doc", "", "Markdown file to write the table into, between its marks")
	flag.StringVar(&o.sides, "sides", "", "folder with torch_side.py, blas_side and ortside")
	flag.StringVar(&o.profile, "profile", "", "with side: file for a profile of the processor's time")
	flag.StringVar(&o.from, "from", "",
		"results.json of an earlier run: write its table again, to -out and -doc, and measure nothing")
	flag.Parse()
	if flag.NArg() > 0 && flag.Arg(0) == "side" {
		return serve(flag.Args()[1:], o.profile)
	}
	if flag.NArg() == 1 && flag.Arg(0) == "cores" {
		return cores(os.Stdout, o.rounds)
	}
	if o.from != "" {
		return o.again()
	}
	if flag.NArg() > 0 || o.rounds < 1 || o.seconds <= 0 || o.out == "" || o.sides == "" {
		return fmt.Errorf("want -out and -sides, -rounds of 1 or more, -seconds of more than 0, and no "+
			"arguments; got %q", os.Args[1:])
	}
	return o.run()
}

// again writes the table of an earlier run.
func (o options) again() error {
	r, err := readReport(o.from)
	if err != nil {
		return err
	}
	return r.write(o.out, o.document)
}

// run measures the whole table, or the contests that -only names.
func (o options) run() error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	models, err := os.MkdirTemp("", "benchpeers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(models)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p := programs{
		self: self, models: models, ort: filepath.Join(o.sides, "ortside"),
		blas: filepath.Join(o.sides, "blas_side"), torch: filepath.Join(o.sides, "torch_side.py"),
	}
	contests, err := p.contests()
	if err != nil {
		return err
	}
	contests = slices.DeleteFunc(contests, func(c contest) bool { return !only.MatchString(c.name) })
	if len(contests) == 0 {
		return fmt.Errorf("-only %q: no contest has such a name", o.only)
	}
	r := report{Date: time.Now(), Machine: thisMachine(kernel.Path()), Seconds: o.seconds, Rounds: o.rounds}
	for i, c := range contests {
		fmt.Fprintf(os.Stderr, "%d/%d %s\n", i+1, len(contests), c.name)
		m, err := c.run(o.pace)
		if err != nil {
			return err
		}
		r.add(c, m)
	}
	fmt.Print(r.markdown())
	return r.write(o.out, o.document)
}
