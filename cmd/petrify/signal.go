package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// errInterrupt is the cause of a context that Ctrl-C ended.
var errInterrupt = errors.New("interrupted")

// untilSignal returns a context that Ctrl-C or SIGTERM cancels, once: the next
// signal has its usual effect again, so that a second Ctrl-C ends the process.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(cause(s))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

func cause(s os.Signal) error {
	if s == os.Interrupt {
		return errInterrupt
	}
	return fmt.Errorf("ended by signal: %v", s)
}
