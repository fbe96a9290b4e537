package main

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"

	"petrify/datasets"
	"petrify/train"
)

// progress shows the progress of a run: a bar for each epoch on a terminal, and
// a line when an epoch ends.
type progress struct {
	screen
	w       io.Writer
	quiet   bool                     // only warnings and errors
	json    *eventLines              // --json; nil: none
	results io.Writer                // for the table and the proof
	bar     *progressbar.ProgressBar // of the running epoch or download; nil: none
	stage   train.StageStart
	task    train.Task
	losses  []float64 // of the stage's epochs
	redrawn time.Time
	file    string    // that is being read
	done    int64     // bytes of it
	begun   time.Time // when reading began
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, screen: screenOf(w)}
}

// interval is how often a bar's text changes.
const interval = 100 * time.Millisecond

// frame is what a bar has besides its text, in a window of a width.
type frame struct {
	from        int // columns of the window
	bar         int // columns between the bar's ends
	rest        int // columns of all that is not the text
	count, rate bool
}

// frames, the widest first: "text  50% |███   | (1000/2000, 5000 images/s) [10s:10s]".
var frames = []frame{{120, 20, 72, true, true}, {100, 20, 44, true, false}, {80, 20, 29, false, false},
	{40, 10, 19, false, false}, {0, 0, 9, false, false}}

// frame is that for the present window.
func (p *progress) frame() frame {
	columns := p.columns()
	return frames[slices.IndexFunc(frames, func(f frame) bool { return columns >= f.from })]
}

func (p *progress) open(total int64, what, unit string) {
	f := p.frame()
	options := []progressbar.Option{progressbar.OptionSetWriter(p.w), progressbar.OptionSetWidth(f.bar),
		progressbar.OptionSetDescription(p.fit(what)), progressbar.OptionSetPredictTime(f.rate),
		progressbar.OptionClearOnFinish()}
	if !f.rate {
		options = append(options, progressbar.OptionSetElapsedTime(false))
	}
	if !p.unicode {
		options = append(options, progressbar.OptionSetTheme(progressbar.ThemeASCII))
	}
	if f.count {
		options = append(options, progressbar.OptionShowCount())
	}
	switch {
	case unit == "bytes":
		options = append(options, progressbar.OptionShowBytes(f.count))
	case f.rate:
		options = append(options, progressbar.OptionSetItsString(unit), progressbar.OptionShowIts())
	}
	p.bar = progressbar.NewOptions64(total, options...)
	p.bar.StartWithoutRender()
	p.redrawn = time.Now()
}

// fit joins as many of the words as have room before a bar.
func (p *progress) fit(words ...string) string {
	room, text := p.columns()-p.frame().rest, ""
	for _, w := range words {
		longer := text + w
		if utf8.RuneCountInString(longer) > room {
			break
		}
		text = longer
	}
	return text
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
	level := slog.LevelInfo
	if p.quiet {
		level = slog.LevelWarn
	}
	return slog.New(p.json.handler(slog.NewTextHandler(p, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey && groups == nil {
				return slog.Attr{}
			}
			return a
		},
	})))
}

// warn prints a warning.
func (p *progress) warn(text string) {
	fmt.Fprintln(p, "warning:", text)
	p.json.put("warning", warningLine{Text: text})
}

func (p *progress) events(task train.Task) train.Events {
	p.task = task
	return p.json.events(train.Events{Stage: p.begin, Step: p.step, Epoch: p.epoch})
}

func (p *progress) begin(s train.StageStart) {
	p.endStage()
	p.stage = s
}

// endStage shows how the loss went, if there is anything to see.
func (p *progress) endStage() {
	p.clear()
	if n := len(p.losses); n > 2 && !p.quiet {
		curve := sparkline(logs(p.losses), curveColumns, p.unicode)
		fmt.Fprintf(p.w, "%-5v  loss %s  %.4f to %.4f\n", p.stage.Stage, curve, p.losses[0], p.losses[n-1])
	}
	p.losses = nil
}

// The columns of sparklines: of a stage, and of the epochs until now next to a bar.
const curveColumns, recentColumns = 40, 12

// note prints a line unless only warnings are wanted.
func (p *progress) note(format string, values ...any) {
	if !p.quiet {
		fmt.Fprintf(p, format, values...)
	}
}

// account shows how the data were read; if only warnings are wanted, what looks like a mistake.
func (p *progress) account(a datasets.Account) {
	p.note("%v", a)
	for _, w := range a.Warnings {
		if p.quiet {
			fmt.Fprintln(p, "warning:", w)
		}
		p.json.put("warning", warningLine{Text: w})
	}
}

func (p *progress) step(s train.StepEnd) {
	if !p.terminal || p.quiet {
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
	which := []string{s.Stage.String(), fmt.Sprintf("  %*d/%d", width(p.stage.Epochs), s.Epoch+1, p.stage.Epochs)}
	if s.Stage == train.PTQ {
		which = which[:1]
	}
	p.bar.Describe(p.fit(append(which, fmt.Sprintf("  loss %.4f", s.Mean.Loss), p.result(s.Mean),
		"  "+sparkline(logs(p.losses), recentColumns, p.unicode))...))
}

// epoch prints the line of a finished epoch.
func (p *progress) epoch(r train.Record) {
	p.clear()
	p.losses = append(p.losses, r.Train.Loss)
	if p.quiet {
		return
	}
	if r.Stage == train.PTQ {
		fmt.Fprintf(p.w, "ptq    calibrated on %d batches  test loss %.4f%s\n", r.Step, r.Test.Loss, p.result(r.Test))
		return
	}
	fmt.Fprintf(p.w, "%-5v  %*d/%d  loss %.4f  test loss %.4f%s  %s images/s\n",
		r.Stage, width(p.stage.Epochs), r.Epoch, p.stage.Epochs, r.Train.Loss, r.Test.Loss, p.result(r.Test),
		thousands(int64(r.ImagesPerSecond)))
}

// result ends a line with the metric of the task that says most, where it is measured.
func (p *progress) result(m train.Metrics) string {
	headline := p.task.Headline()
	if headline.Of(m) == 0 && p.task != train.Classification || len(p.task.Metrics()) == 0 {
		return ""
	}
	return fmt.Sprintf("  %s %8s", headline.Name, headline.Format(m))
}

// width is the number of digits of n.
func width(n int) int { return len(fmt.Sprint(n)) }

// part shows how much of a piece of work is done.
func (p *progress) part(done, total int) {
	if !p.terminal || done < total && time.Since(p.redrawn) < interval {
		return
	}
	if p.bar == nil {
		p.open(int64(total), "", "networks")
	}
	p.redrawn = time.Now()
	p.bar.ChangeMax(total)
	p.bar.Set(done)
}

// download shows the progress of downloading a data set's file.
func (p *progress) download(file string, done, total int64) {
	if p.quiet {
		return
	}
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
	if !p.terminal || p.quiet {
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
