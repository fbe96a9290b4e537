package main

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/tensorboard"
	"petrify/train"
)

// board writes what happens in a run to TensorBoard's event files. The steps of the stages
// are counted on: a stage of n steps takes n + 1, since its end is a step of its own, on
// which nothing else is; PTQ's end is its last batch. So whatever a run that is resumed
// repeats is at or after the step at which its session begins.
type board struct {
	folder   string // of this run
	run      string // the path from there to the run
	resume   bool
	settings []config.Setting
	data     *datasets.Set
	task     train.Task
	steps    [train.Done]int   // of the stages
	offsets  [train.Done]int64 // of their first steps
	perEpoch int
	float    map[int]int // by sample, the class that the float network gave
	w        *tensorboard.Writer
	err      error // the first
}

// newBoard is the board of a run, or nil if none is wanted.
func newBoard(settings *config.Config, t train.Config) (*board, error) {
	if settings.TensorBoard == "" {
		return nil, nil
	}
	var text strings.Builder
	if err := settings.Print(&text); err != nil {
		return nil, err
	}
	flat, err := config.Settings([]byte(text.String()))
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(settings.TensorBoard, filepath.Base(filepath.Clean(t.Out)))
	run, err := shownIn(folder, t.Out)
	if err != nil {
		return nil, err
	}
	return &board{folder: folder, run: run, resume: t.Resume, settings: flat, data: t.Data, task: t.Task}, nil
}

// boardRun is the file in a folder of event files that has the path from there to the run.
const boardRun = "run.txt"

// shownIn is the path from a folder of event files to the run that they are to be of. It is an
// error if they are those of another run that is still there.
func shownIn(folder, run string) (path string, err error) {
	folder, errFolder := filepath.Abs(folder)
	run, errRun := filepath.Abs(run)
	if err := errors.Join(errFolder, errRun); err != nil {
		return "", err
	}
	if path, err = filepath.Rel(folder, run); err != nil { // on another volume
		path = run
	}
	text, err := os.ReadFile(filepath.Join(folder, boardRun))
	other := strings.TrimSuffix(string(text), "\n")
	if err != nil || other == path {
		return path, nil
	}
	if !filepath.IsAbs(other) {
		other = filepath.Join(folder, other)
	}
	if savedConfig(other) == "" {
		return path, nil
	}
	return "", usage(fmt.Errorf("%s has the event files of the run %s: want another folder for those of %s, or another "+
		"name for the run", folder, other, run))
}

// count learns how many steps the stages have, before the first event.
func (b *board) count(steps [train.Done]int) {
	if b == nil {
		return
	}
	b.steps = steps
	b.offsets[train.PTQ] = int64(steps[train.Float]) + 1
	b.offsets[train.QAT] = b.offsets[train.PTQ] + int64(steps[train.PTQ])
}

// events adds the board to what others do with a run's events.
func (b *board) events(e train.Events) train.Events {
	if b == nil {
		return e
	}
	stage, step, epoch := e.Stage, e.Step, e.Epoch
	e.Stage = func(s train.StageStart) { stage(s); b.stage(s) }
	e.Step = func(s train.StepEnd) { step(s); b.step(s) }
	e.Epoch = func(r train.Record) { epoch(r); b.epoch(r) }
	e.Weights, e.Survey, e.Outputs = b.weights, b.survey, b.outputs
	return e
}

// write writes values at a step of a stage.
func (b *board) write(stage train.Phase, step int, values ...tensorboard.Value) {
	if b.w == nil || b.err != nil {
		return
	}
	b.err = b.w.Write(b.offsets[stage]+int64(step), values...)
}

func (b *board) flush() {
	if b.w != nil && b.err == nil {
		b.err = b.w.Flush()
	}
}

// begin begins a session at a step, and says what is run if no earlier one has.
func (b *board) begin(at int64) {
	if b.w != nil || b.err != nil {
		return
	}
	if !b.resume {
		b.err = tensorboard.Remove(b.folder)
	}
	first := !tensorboard.Begun(b.folder)
	if b.err == nil {
		b.w, b.err = tensorboard.Begin(b.folder, at)
	}
	if b.err == nil {
		b.err = atomicfile.WriteFile(filepath.Join(b.folder, boardRun), []byte(b.run+"\n"))
	}
	if b.err != nil || !first {
		return
	}
	var rows strings.Builder
	rows.WriteString("| key | value |\n| --- | --- |\n")
	var all []tensorboard.Setting
	for _, s := range b.settings {
		fmt.Fprintf(&rows, "| `%s` | %s |\n", s.Path, markdown(s.Value))
		if v := settingOf(s.Value); v != nil {
			all = append(all, tensorboard.Setting{Name: s.Path, Value: v})
		}
	}
	b.write(train.Float, 0, tensorboard.Text("configuration", rows.String()), tensorboard.Start(all, time.Now()))
}

// settingOf is a setting's value as TensorBoard's table has it; nil where it is none.
func settingOf(text string) any {
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return v
	}
	switch text {
	case "null", "", "{}", "[]":
		return nil
	case "true", "false":
		return text == "true"
	}
	return text
}

// stage begins the session of a process. An evaluation that is to come at the step where
// the stage goes on has not been counted, whether it was made or not.
func (b *board) stage(s train.StageStart) {
	b.perEpoch = s.StepsInEpoch
	at := b.offsets[s.Stage] + int64(s.Step) + 1
	if s.Step%b.perEpoch == 0 && s.Step/b.perEpoch > s.Epoch {
		at--
	}
	b.begin(at)
}

// curvePoints is how many losses of batches an epoch shows, at least.
const curvePoints = 100

// step shows the loss of a batch, but for the last of an epoch, whose step has its means.
func (b *board) step(s train.StepEnd) {
	if s.Stage == train.PTQ || s.Step%b.perEpoch == 0 || s.Step%max(1, b.perEpoch/curvePoints) != 0 {
		return
	}
	b.write(s.Stage, s.Step, tensorboard.Scalar("loss/batch", s.Loss))
	b.flush() // a checkpoint that follows counts it
}

func (b *board) epoch(r train.Record) {
	var values []tensorboard.Value
	add := func(split string, m train.Metrics) {
		if m == (train.Metrics{}) {
			return
		}
		values = append(values, tensorboard.Scalar("loss/"+split, m.Loss))
		for _, of := range b.task.MetricsOf(m) {
			if v := of.Of(m); v != 0 || b.task == train.Classification {
				values = append(values, tensorboard.Scalar(of.Key+"/"+split, v))
			}
		}
	}
	add("train", r.Train)
	add("test", r.Test)
	add("validation", r.Validation)
	if r.Stage != train.PTQ {
		values = append(values, tensorboard.Scalar("speed/learning rate", r.LearningRate),
			tensorboard.Scalar("speed/images per second", r.ImagesPerSecond))
	}
	for _, o := range r.Oscillating {
		values = append(values, tensorboard.Scalar("oscillating/"+o.Tensor, o.Share))
	}
	b.write(r.Stage, r.Step, values...)
	b.flush()
}

func (b *board) weights(w train.Weights) {
	var values []tensorboard.Value
	for _, f := range w.Fits {
		values = append(values, histogram("weights/"+strings.TrimSuffix(f.Tensor, ".weight"), f.Values))
	}
	b.write(w.Stage, w.Step, values...)
}

func histogram(tag string, h *graph.Histogram) tensorboard.Value {
	return tensorboard.Histogram(tag, float64(h.Least), float64(h.Greatest), h.Counts)
}

// survey shows how the quantizers suit their tensors, and at the end of a stage what the
// activations are.
func (b *board) survey(s train.Survey) {
	var values []tensorboard.Value
	for _, f := range s.Fits {
		if f.Scales[0] > 0 {
			values = append(values, tensorboard.Scalar("clipped/"+f.Tensor, f.Clipped),
				tensorboard.Scalar("greatest/"+f.Tensor, float64(f.Grid[1])))
		}
		if f.Noise > 0 {
			values = append(values, tensorboard.Scalar("signal to noise, dB/"+f.Tensor, -10*math.Log10(f.Noise)))
		}
		if s.End && f.Values != nil && !strings.HasSuffix(f.Tensor, ".weight") {
			values = append(values, histogram("activations/"+f.Tensor, f.Values))
		}
	}
	b.write(s.Stage, b.at(s.Stage, s.Step, s.End), values...)
}

// at is the step of a stage's end.
func (b *board) at(stage train.Phase, step int, end bool) int {
	if end && stage != train.PTQ {
		return step + 1
	}
	return step
}

// boardImages is how many inputs a stage's end shows.
const boardImages = 16

// outputs shows inputs that the network gets wrong: first those whose class is not the
// float network's.
func (b *board) outputs(o train.Outputs) {
	size := len(o.Values) / max(1, len(o.Labels))
	if b.task != train.Classification || size != len(b.data.Classes) {
		return
	}
	var wrong []int
	class := make([]int, len(o.Samples))
	for i := range o.Samples {
		class[i] = best(o.Values[i*size : (i+1)*size])
		if class[i] != int(o.Labels[i]) || b.flipped(o.Samples[i], class[i]) {
			wrong = append(wrong, i)
		}
	}
	slices.SortStableFunc(wrong, func(x, y int) int {
		return one(b.flipped(o.Samples[y], class[y])) - one(b.flipped(o.Samples[x], class[x]))
	})
	wrong = wrong[:min(len(wrong), boardImages)]
	b.wrong(o, wrong, class)
	if o.Stage == train.Float {
		b.float = map[int]int{}
		for i, s := range o.Samples {
			b.float[s] = class[i]
		}
	}
}

// flipped reports whether a sample's class is not that of the float network.
func (b *board) flipped(sample, class int) bool {
	float, known := b.float[sample]
	return known && float != class
}

// wrong shows pictures of samples, and a table of their classes.
func (b *board) wrong(o train.Outputs, chosen, class []int) {
	var rows strings.Builder
	fmt.Fprintf(&rows, "Of %d inputs of the test split:\n\n", len(o.Samples))
	rows.WriteString("| sample | class | output | float |\n| --- | --- | --- | --- |\n")
	var pictures []image.Image
	for _, i := range chosen {
		float := "–"
		if c, known := b.float[o.Samples[i]]; known {
			float = markdown(b.data.Classes[c])
		}
		fmt.Fprintf(&rows, "| %d | %s | %s | %s |\n", o.Samples[i], markdown(b.data.Classes[o.Labels[i]]),
			markdown(b.data.Classes[class[i]]), float)
		if m, ok := b.data.Picture(b.data.Test, o.Samples[i]); ok {
			pictures = append(pictures, m)
		}
	}
	values := []tensorboard.Value{tensorboard.Text("classes of wrong inputs/"+o.Stage.String(), rows.String())}
	if pictures != nil {
		v, err := tensorboard.Images("wrong inputs/"+o.Stage.String(), pictures)
		b.err = cmp.Or(b.err, err)
		values = append(values, v)
	}
	b.write(o.Stage, b.at(o.Stage, o.Step, true), values...)
	b.flush()
}

// markdown makes text a cell of a table that says nothing but the text.
func markdown(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`,
		"[", `\[`, "\n", " ").Replace(text)
}

// end shows the result of a finished run.
func (b *board) end(r *train.Result) {
	if b == nil {
		return
	}
	at := b.steps[train.QAT] + 2
	b.begin(b.offsets[train.QAT] + int64(at))
	var rows strings.Builder
	headline := r.Summary.Task.Headline()
	fmt.Fprintf(&rows, "| | %s | loss | bytes |\n| --- | --- | --- | --- |\n", headline.Name)
	var values []tensorboard.Value
	size := r.Summary.Size
	for _, n := range []struct {
		name  string
		m     train.Metrics
		bytes int64
	}{{"float", r.Float, size.Float32}, {"ptq", r.PTQ, size.Quantized}, {"qat", r.QAT, size.Quantized}} {
		if headline.Key != "loss" {
			values = append(values, tensorboard.Scalar("result/"+n.name+" "+headline.Name, headline.Of(n.m)))
		}
		values = append(values, tensorboard.Scalar("result/"+n.name+" loss", n.m.Loss))
		fmt.Fprintf(&rows, "| %s | %s | %.4f | %s |\n", n.name, headline.Format(n.m), n.m.Loss, thousands(n.bytes))
	}
	values = append(values, tensorboard.Scalar("result/bytes", float64(size.Quantized)),
		tensorboard.Text("result", rows.String()), tensorboard.End(time.Now()))
	b.write(train.QAT, at, values...)
}

// close ends the file; the error is the first of all.
func (b *board) close() error {
	if b == nil {
		return nil
	}
	if b.w != nil {
		b.err = cmp.Or(b.err, b.w.Close())
	}
	if b.err != nil {
		return errors.Join(fmt.Errorf("the event files in %s are incomplete", b.folder), b.err)
	}
	return nil
}
