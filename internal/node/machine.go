package node

import (
	"reflect"
	"unsafe"

	"gorgonia.org/gorgonia"
)

// Run executes all instructions of a machine of [gorgonia.NewTapeMachine], as RunAll does,
// but on the caller's goroutine. RunAll ties the caller to a thread, for the sake of GPUs,
// and works on another: waking them takes longer than a step of a small network. What a
// gorgonia.Read node wants is not written.
func Run(vm gorgonia.VM) error {
	failed, done := make(chan error, 1), make(chan struct{}, 1)
	runTape(reflect.ValueOf(vm).UnsafePointer(), failed, done)
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// runTape is Gorgonia's loop over the instructions, which sends an error or that it is
// done. go.mod pins the version that has it.
//
//go:linkname runTape gorgonia.org/gorgonia.(*tapeMachine).runall
func runTape(machine unsafe.Pointer, failed chan error, done chan struct{})
