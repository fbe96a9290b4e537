package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"

	"petrify/internal/benchpeers/turns"
	"petrify/internal/benchpeers/work"
	"petrify/internal/kernel"
	"petrify/quantized/onnx"
)

// serve is a Go side: the work that the arguments name, in turns. If a profile
// is named, a processor profile is written there at the end.
func serve(args []string, profile string) error {
	name, w, err := goWork(args)
	if err != nil {
		return err
	}
	if args[0] != "fashion-mnist" { // whose peak memory would be that of two runs
		if _, err := w(); err != nil {
			return err
		}
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return turns.Serve(os.Stdin, os.Stdout, name, w)
}

func goWork(args []string) (name string, w turns.Work, err error) {
	name = "petrify, " + kernel.Path()
	number := func(i int) int {
		n, e := strconv.Atoi(args[i])
		if e != nil && err == nil {
			err = fmt.Errorf("side %q: %w", args, e)
		}
		return n
	}
	switch {
	case matches(args, "sgemm", 1):
		w = work.Gemm(number(1))
	case matches(args, "float", 2):
		w, err = work.Train(args[1], number(2), false)
	case matches(args, "qat", 2):
		w, err = work.Train(args[1], number(2), true)
	case matches(args, "infer", 2):
		w, err = work.Infer(args[1], number(2))
	case matches(args, "evaluate", 2):
		w, err = work.Evaluate(args[1], number(2))
	case matches(args, "epochs", 3):
		w, err = work.Epochs(args[1], number(2), number(3))
	case matches(args, "run", 1):
		w, err = work.Run(number(1))
	case matches(args, "fashion-mnist", 0):
		w, err = work.FashionMNIST()
	case matches(args, "gorgonia", 1):
		name = "Gorgonia 0.9.18"
		w, err = work.Gorgonia(number(1))
	default:
		err = fmt.Errorf("side %q: no such work", args)
	}
	return name, w, err
}

func matches(args []string, name string, arguments int) bool {
	return len(args) == 1+arguments && args[0] == name
}

// export writes a frozen network for ONNX Runtime, whose side runs it at the
// given batch.
func export(folder, network string, batch int) (path string, err error) {
	m, err := work.Frozen(network)
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, fmt.Sprintf("%s-%d.onnx", network, batch))
	return path, onnx.Options{Batch: batch}.WriteFile(path, m)
}
