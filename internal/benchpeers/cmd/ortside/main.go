// Command ortside is ONNX Runtime's side: it runs a file on a batch of noise.
// It is a separate command because it needs cgo.
//
//	ortside FILE BATCH THREADS
//
// The file has one float32 input and one float32 output of a fixed batch.
// Tensors are bound to the session once, so that a turn measures the runtime
// and not the binding.
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	ort "github.com/yalue/onnxruntime_go"

	"petrify/internal/benchpeers/turns"
	"petrify/internal/conformance"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ortside:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want FILE BATCH THREADS, got %q", args)
	}
	batch, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	threads, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	version, err := conformance.Start()
	if err != nil {
		return err
	}
	s, err := open(args[0], threads)
	if err != nil {
		return err
	}
	if err := s.Run(); err != nil { // the first run allocates
		return err
	}
	return turns.Serve(os.Stdin, os.Stdout, "ONNX Runtime "+version, func() (float64, error) {
		return float64(batch), s.Run()
	})
}

// open loads a file and binds its tensors.
func open(path string, threads int) (*ort.AdvancedSession, error) {
	inputs, outputs, err := ort.GetInputOutputInfo(path)
	if err != nil {
		return nil, err
	}
	if len(inputs) != 1 || len(outputs) != 1 {
		return nil, fmt.Errorf("%s has %d inputs and %d outputs: want one each", path, len(inputs), len(outputs))
	}
	x, err := ort.NewEmptyTensor[float32](inputs[0].Dimensions)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range x.GetData() {
		x.GetData()[i] = float32(rng.NormFloat64())
	}
	y, err := ort.NewEmptyTensor[float32](outputs[0].Dimensions)
	if err != nil {
		return nil, err
	}
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	if err := o.SetIntraOpNumThreads(threads); err != nil {
		return nil, err
	}
	return ort.NewAdvancedSession(path, []string{inputs[0].Name}, []string{outputs[0].Name}, []ort.Value{x},
		[]ort.Value{y}, o)
}
