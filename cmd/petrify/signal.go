package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// stopped is the cause of a context that a signal ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string {
	if s.signal == os.Interrupt {
		return "interrupted"
	}
	return "ended by signal: " + s.signal.String()
}

// code is the exit code with which shells report a command killed by the
// signal: 128 plus the signal's number.
func (s stopped) code() int {
	if s.signal == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}

// untilSignal returns a context that Ctrl-C or SIGTERM cancels. A second signal
// ends the process at once, whatever it is doing. That cannot be left to the
// system, which spares the first process of a container.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	returned := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			cancel(stopped{s})
		case <-returned:
			return
		}
		select {
		case s := <-signals:
			os.Exit(stopped{s}.code())
		case <-returned:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(returned)
		cancel(nil)
	}
}
