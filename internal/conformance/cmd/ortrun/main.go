// Command ortrun runs an ONNX file with ONNX Runtime on raw numbers.
//
//	ortrun model.onnx < inputs > outputs
//
// Inputs are float32, little-endian, one after the other, and so are outputs. Of
// a file with several, those of an input follow each other, in the file's order
// and types. The environment variable ONNXRUNTIME_LIB names the shared library. With
//
//	ortrun -operators model.onnx
//
// it prints how often each operator occurs in the graph that ONNX Runtime
// executes, and with -bench, how long a run takes.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"petrify/internal/conformance"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ortrun:", err)
		os.Exit(1)
	}
}

func run() error {
	batch := flag.Int("batch", 256, "inputs to run at a time")
	threads := flag.Int("threads", 0, "threads of a run; 0: one per core")
	operators := flag.Bool("operators", false, "print the operators that are executed")
	bench := flag.Int("bench", 0, "time this many runs of a batch of zeros")
	version := flag.Bool("version", false, "print the version of ONNX Runtime")
	flag.Parse()
	installed, err := conformance.Start()
	if err != nil {
		return err
	}
	if *version {
		fmt.Println(installed)
		return nil
	}
	if flag.NArg() != 1 || *batch < 1 {
		return fmt.Errorf("want one file and a batch of at least 1, got %q and %d", flag.Args(), *batch)
	}
	model, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		return err
	}
	if *operators {
		return printOperators(model)
	}
	s, err := conformance.Open(model, conformance.Settings{Threads: *threads})
	if err != nil {
		return err
	}
	defer s.Close()
	if *bench > 0 {
		return printTimes(s, *batch, *bench)
	}
	return stream(s, *batch, os.Stdin, os.Stdout)
}

func printOperators(model []byte) error {
	list, err := conformance.Operators(model, conformance.Settings{})
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, o := range list {
		count[o]++
	}
	for _, o := range slices.Sorted(maps.Keys(count)) {
		fmt.Println(o, count[o])
	}
	return nil
}

// printTimes prints the least, the median and the greatest time of a run.
func printTimes(s *conformance.Session, batch, runs int) error {
	x := make([]float32, batch*s.Elements())
	var times []time.Duration
	for range runs {
		begin := time.Now()
		if _, err := s.Run(x); err != nil {
			return err
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	fmt.Printf("batch %d, %d runs: least %v, median %v, greatest %v\n", batch, runs, times[0], times[runs/2],
		times[runs-1])
	return nil
}

// stream runs inputs from r in batches, the last of which may be smaller.
func stream(s *conformance.Session, batch int, r io.Reader, w io.Writer) error {
	in, out := bufio.NewReaderSize(r, 1<<20), bufio.NewWriterSize(w, 1<<20)
	size := 4 * s.Elements()
	bytes := make([]byte, batch*size)
	for {
		n, err := io.ReadFull(in, bytes)
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		if n%size != 0 {
			return fmt.Errorf("the inputs end within an input: %d bytes left, an input has %d", n%size, size)
		}
		x := make([]float32, n/4)
		if _, err := binary.Decode(bytes[:n], binary.LittleEndian, x); err != nil {
			return err
		}
		all, err := s.RunAll(x)
		if err != nil {
			return err
		}
		for i := range n / size {
			for _, y := range all {
				one := len(y) * size / n
				if _, err := out.Write(y[i*one : (i+1)*one]); err != nil {
					return err
				}
			}
		}
	}
}
