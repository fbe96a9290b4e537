package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// trainForMemory is what the process of the memory row does: an epoch's data,
// and enough steps for every buffer to exist.
func trainForMemory(ctx context.Context) error {
	j := job{network: "cnn", shape: [3]int{1, 28, 28}, classes: 10, batch: 128, images: 60_000, qat: true}
	_, err := j.run(ctx)
	return err
}

// ownMemory is the peak resident memory of such a process, in MiB.
func ownMemory(ctx context.Context) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return peak(exec.CommandContext(ctx, self, "-memory"))
}

// pythonMemory is the same of PyTorch.
func pythonMemory(ctx context.Context) (float64, error) {
	return peak(exec.CommandContext(ctx, interpreter, "-c", script, "memory"))
}

func peak(c *exec.Cmd) (float64, error) {
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", c.Path, err)
	}
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, fmt.Errorf("peak memory is not known on %s", runtime.GOOS)
	}
	return float64(usage.Maxrss) / 1024, nil // Linux counts KiB
}
