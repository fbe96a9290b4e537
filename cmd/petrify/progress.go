package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"petrify/graph"
	"petrify/train"
)

// progress shows the progress of a run: a bar for each epoch on a terminal, and
// a line when an epoch ends.
type progress struct {
	w        io.Writer
	terminal bool
	bar      *progressbar.ProgressBar // of the running epoch or download; nil: none
	stage    train.StageStart
	loss     graph.Loss // the network's
	redrawn  time.Time
	file     string    // that is being read
	done     int64     // bytes of it
	begun    time.Time // when reading began
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// interval is how often a bar's text changes.
const interval = 100 * time.Millisecond

func (p *progress) open(total int64, what, unit string) {
	rate := progressbar.OptionShowIts()
	if unit == "bytes" {
		rate = progressbar.OptionShowBytes(true)
	}
	p.bar = progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription(what),
		progressbar.OptionSetItsString(unit), rate, progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish())
	p.bar.StartWithoutRender()
	p.redrawn = time.Now()
}

// clear takes the bar off the terminal.
func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear() // an error to write to the terminal has nobody to go to
		p.bar = nil
	}
}

// Write writes a line of the log above the bar.
func (p *progress) Write(line []byte) (int, error) {
	p.clear()
	return p.w.Write(line)
}

// logger writes warnings and notes as lines of text, without the time.
func (p *progress) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && groups == nil {
				return slog.Attr{}
			}
			return a
		},
	}))
}

func (p *progress) events(loss graph.Loss) train.Events {
	p.loss = loss
	return train.Events{
		Stage: func(s train.StageStart) { p.stage = s },
		Step:  p.step,
		Epoch: p.epoch,
	}
}

func (p *progress) step(s train.StepEnd) {
	if !p.terminal {
		return
	}
	if p.bar == nil { // its clock starts with the epoch
		p.open(int64(p.stage.StepsInEpoch*p.stage.Batch), "", "images")
	}
	if time.Since(p.redrawn) < interval {
		return
	}
	p.redrawn = time.Now()
	p.bar.Set(s.Images)
	p.bar.Describe(fmt.Sprintf("%-5v  %*d/%d  loss %.4f%s", s.Stage, width(p.stage.Epochs), s.Epoch+1,
		p.stage.Epochs, s.Mean.Loss, p.accuracy(s.Mean)))
}

// epoch prints the line of a finished epoch.
func (p *progress) epoch(r train.Record) {
	p.clear()
	if r.Stage == train.PTQ {
		fmt.Fprintf(p.w, "ptq    calibrated on %d batches  test loss %.4f%s\n", r.Step, r.Test.Loss, p.accuracy(r.Test))
		return
	}
	fmt.Fprintf(p.w, "%-5v  %*d/%d  loss %.4f  test loss %.4f%s  %s images/s\n",
		r.Stage, width(p.stage.Epochs), r.Epoch, p.stage.Epochs, r.Train.Loss, r.Test.Loss, p.accuracy(r.Test),
		thousands(int64(r.ImagesPerSecond)))
}

// accuracy ends the line of a network that classifies.
func (p *progress) accuracy(m train.Metrics) string {
	if p.loss != graph.CrossEntropy {
		return ""
	}
	return fmt.Sprintf("  accuracy %6.2f %%", 100*m.Accuracy)
}

// width is the number of digits of n.
func width(n int) int { return len(fmt.Sprint(n)) }

// download shows the progress of downloading a data set's file.
func (p *progress) download(file string, done, total int64) {
	if !p.terminal {
		if done == total {
			fmt.Fprintf(p.w, "downloaded %s, %s bytes\n", file, thousands(total))
		}
		return
	}
	switch {
	case done == total:
		p.clear()
	case p.bar == nil:
		p.open(total, file, "bytes")
	case time.Since(p.redrawn) >= interval:
		p.redrawn = time.Now()
		p.bar.Set64(done)
	}
}

// reading shows the progress of reading a file if that takes longer than
// patience.
func (p *progress) reading(file string, done, total int64) {
	if !p.terminal {
		return
	}
	if p.begun.IsZero() {
		p.begun = time.Now()
	}
	if p.bar == nil || file != p.file || done < p.done { // its clock starts with the file
		p.clear()
		p.open(total, filepath.Base(file), "bytes")
	}
	p.file, p.done = file, done
	if time.Since(p.begun) < patience || time.Since(p.redrawn) < interval {
		return
	}
	p.redrawn = time.Now()
	if total < 0 || done < total { // at the end it would vanish, and there is more to do
		p.bar.Set64(done)
	}
}

// patience is how long reading goes on before its progress is shown.
const patience = time.Second

// thousands groups the digits of n by three.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
