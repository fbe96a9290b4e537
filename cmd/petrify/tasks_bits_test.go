package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/internal/analysis"
	part "petrify/internal/sample"
	"petrify/train"
)

// taught is data and a small network for each task and kind of data.
type taught struct {
	name   string
	task   train.Task
	head   string   // of the column that says what is lost; "": only the loss is known
	drop   string   // its unit
	config string   // "": the network is imported
	flags  []string // of analyze, quantize and search
}

func everyTask() []taught {
	const small = "\nbatch: 16\nfloat: {epochs: 3, learning_rate: 0.02}\nqat: {epochs: 0}\n"
	convolutions := func(filters, outputs int) string {
		return fmt.Sprintf("[conv2d: {name: a, filters: %d, kernel: 3, padding: same}, batch_norm, relu, "+
			"conv2d: {name: b, filters: %[1]d, kernel: 3, padding: same}, batch_norm, relu, global_avg_pool, flatten, "+
			"linear: {name: c, features: %[2]d}]", filters, outputs)
	}
	linear := func(outputs int) string {
		return fmt.Sprintf("[linear: {name: a, features: 8}, relu, linear: {name: b, features: 8}, relu, "+
			"linear: {name: c, features: %d}]", outputs)
	}
	hourglass := "[conv2d: {name: a, filters: 4, kernel: 3, padding: same}, batch_norm, relu, " +
		"conv2d: {name: b, filters: 4, kernel: 3, padding: same}, batch_norm, relu, " +
		"conv2d: {name: c, filters: %d, kernel: 3, padding: same}]"
	return []taught{
		{name: "an imported network", task: train.Classification, head: "errors", drop: "points of accuracy",
			flags: []string{"--set", "dataset=digits", "--set", "batch=16"}},
		{"classes of pictures", train.Classification, "errors", "points of accuracy",
			"dataset: digits\nnetwork: " + convolutions(4, 10) + small, nil},
		{"classes of a table", train.Classification, "errors", "points of accuracy",
			"dataset: marks.csv\ndata: {label: warm}\nnetwork: " + linear(2) + small, nil},
		{"classes of sounds", train.Classification, "errors", "points of accuracy",
			"dataset: words\ndata: {sound: {words: [up, down], rate: 8000, unknown: 1}}\nnetwork: " + convolutions(4, 4) + small, nil},
		{"classes of sensors", train.Classification, "errors", "points of accuracy",
			"dataset: moves.csv\ndata: {windows: {length: 8}}\nnetwork: [conv1d: {name: a, filters: 4, kernel: 3, padding: same}, " +
				"relu, conv1d: {name: b, filters: 4, kernel: 3, padding: same}, relu, flatten, linear: {name: c, features: 2}]" + small, nil},
		{"labels", train.Labels, "mAP, points", "points of mAP",
			"dataset: marks.csv\ndata: {targets: [warm, wet]}\nnetwork: " + linear(2) + small, nil},
		{"numbers", train.Regression, "MAE", "% of the MAE",
			"dataset: marks.csv\ndata: {targets: [price, rent]}\nnetwork: " + linear(2) + small, nil},
		{"pixels", train.Pixels, "mIoU, points", "points of mIoU",
			"dataset: stripes\ndata: {masks: {classes: [ground, upright, level]}}\nnetwork: " + fmt.Sprintf(hourglass, 3) + small, nil},
		{"anomalies", train.Anomaly, "", "% of the loss",
			"dataset: digits\ntask: anomaly\ndata: {normal: [0, 1, 2]}\nnetwork: " + fmt.Sprintf(hourglass, 1) + small, nil},
		{"inputs again", train.Reconstruction, "", "% of the loss",
			"dataset: digits\nnetwork: {loss: mean_square, layers: " + fmt.Sprintf(hourglass, 1) + "}" + small, nil},
	}
}

// everyTasksData writes what they need into a folder.
func everyTasksData(t *testing.T, folder string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 20))
	var marks, moves bytes.Buffer
	marks.WriteString("a,b,warm,wet,price,rent\n")
	for range 240 {
		a, b := 2*rng.Float64()-1, 2*rng.Float64()-1
		warm, wet := 0, 0
		if a+0.3*rng.NormFloat64() > 0 {
			warm = 1
		}
		if b+0.3*rng.NormFloat64() > 0 {
			wet = 1
		}
		fmt.Fprintf(&marks, "%.3f,%.3f,%d,%d,%.2f,%.2f\n", a, b, warm, wet, 40*a-20*b+5*rng.NormFloat64(), 30*a*b+10*b+0.5)
	}
	moves.WriteString("time,session,x,y,label\n")
	for session := range 12 {
		name, way := "up", 1.0
		if session%2 == 1 {
			name, way = "down", -1
		}
		for at := range 48 {
			fmt.Fprintf(&moves, "%d,s%d,%.3f,%.3f,%s\n", at, session, way*(0.5+rng.Float64())+0.4*rng.NormFloat64(),
				rng.NormFloat64(), name)
		}
	}
	for name, content := range map[string][]byte{"marks.csv": marks.Bytes(), "moves.csv": moves.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	maskedStripes(t, filepath.Join(folder, "stripes"), 100)
	tones(t, filepath.Join(folder, "words"), 20, "up", "down", "left")
}

// everyRepair is the keys of ptq, alone and together, and quantization where they act.
func everyRepair() map[string]string {
	return map[string]string{
		"nearest":         "{gptq: false, bias_correction: false}",
		"by bits":         "{}",
		"equalization":    "{equalization: true, gptq: false, bias_correction: false}",
		"absorption":      "{equalization: true, bias_absorption: true, gptq: false, bias_correction: false}",
		"smoothquant":     "{smoothquant: 0.5, gptq: false, bias_correction: false}",
		"bias correction": "{gptq: false, bias_correction: true}",
		"gptq":            "{gptq: true, damping: 0.05, bias_correction: false}",
		"adaround":        "{adaround: true, iterations: 20, gptq: false, bias_correction: false}",
		"brecq":           "{brecq: true, iterations: 20, gptq: false, bias_correction: false}",
		"all":             "{equalization: true, bias_absorption: true, bias_correction: true, gptq: true, brecq: true, iterations: 20}",
	}
}

// Every task can be analysed, quantized with each repair, and searched, in its own terms.
func TestBitsOfEveryTask(t *testing.T) {
	data := t.TempDir()
	everyTasksData(t, data)
	for i, one := range everyTask() {
		t.Run(one.name, func(t *testing.T) {
			run := one.begun(t, data)
			one.isAnalysed(t, run)
			for k, name := range slices.Sorted(maps.Keys(everyRepair())) {
				if !part.Skips(i+k, 5) {
					one.isQuantized(t, run, name)
				}
			}
			if !part.Skips(i, 3) {
				one.isSearched(t, run)
			}
		})
	}
}

// begun is a folder with the float network.
func (o taught) begun(t *testing.T, data string) (run string) {
	t.Helper()
	if o.config == "" {
		_, run = importedTiny(t)
		return run
	}
	folder := t.TempDir()
	config := filepath.Join(folder, "run.yaml")
	text := strings.NewReplacer("dataset: digits", "dataset: digits", "dataset: ", "dataset: "+data+"/").Replace(o.config)
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	run = filepath.Join(folder, "run")
	finished(t, "train", "-c", config, "--out", run)
	return run
}

// with adds the task's flags.
func (o taught) with(args ...string) []string { return append(args, o.flags...) }

// isAnalysed checks the table and the file of an analysis.
func (o taught) isAnalysed(t *testing.T, run string) {
	t.Helper()
	text := petrify(t, o.with("analyze", run)...)
	if want := "at 4 bits: " + map[bool]string{true: "SQNR", false: o.head + " "}[o.head == ""]; !strings.Contains(text, want) {
		t.Errorf("no column %q in\n%s", want, text)
	}
	var r analysis.Result
	readJSON(t, filepath.Join(run, analysisFile), &r)
	for _, m := range append([]analysis.Uniform{{Measure: r.Float}}, r.Uniform...) {
		if (m.Errors != nil) != (o.task == train.Classification) || (m.Metric != nil) != (o.head != "" && m.Errors == nil) {
			t.Errorf("%v at %d bits: %v", o.task, m.Bits, m.Measure)
		}
	}
	two := r.Uniform[len(r.Uniform)-1]
	if two.Loss == r.Float.Loss || r.Task != o.task.String() {
		t.Errorf("%s: loss %v in float, %v with 2 bits", r.Task, r.Float.Loss, two.Loss)
	}
	if two.Metric != nil && *two.Metric == *r.Float.Metric {
		t.Errorf("%s of %v in float and with 2 bits", r.Metric, *two.Metric)
	}
	if len(r.Tensors) < 5 {
		t.Errorf("%d tensors", len(r.Tensors))
	}
}

// isQuantized checks that a repair ends with a proof and results of the task.
func (o taught) isQuantized(t *testing.T, run, name string) {
	t.Helper()
	to := run + "-" + strings.ReplaceAll(name, " ", "-")
	text := petrify(t, o.with("quantize", run, "--out", to, "--set", "ptq="+everyRepair()[name], "--set",
		"quantization.global_config.weight_bits=4", "--set", "quantization.global_config.activation_bits=8")...)
	first := o.task.Headline()
	if !strings.Contains(text, first.Name) || !strings.Contains(text, ": 0 differ") {
		t.Errorf("%s: no %s or no proof in\n%s", name, first.Name, text)
	}
	if name == "all" {
		petrify(t, "verify", to)
	}
}

// isSearched checks a search under a drop, whose choices are trained: its measures are those
// that training reports of the same samples, and the drop is kept.
func (o taught) isSearched(t *testing.T, run string) {
	t.Helper()
	const drop = 60
	text := petrify(t, o.with("search", run, "--budget", fmt.Sprintf("drop=%d", drop), "--confirm", "1")...)
	var r found
	readJSON(t, filepath.Join(run, searchFile), &r)
	is := termsOf(r.Metric, r.Float, r.Images.Count)
	if is.unit() != o.drop || r.Task != o.task.String() {
		t.Errorf("%s: the drop is in %s, want %s", r.Task, is.unit(), o.drop)
	}
	if o.head != "" && !strings.Contains(text, strings.TrimSuffix(o.head, ", points")) {
		t.Errorf("no %s in\n%s", o.head, text)
	}
	if r.Chosen.Trained == nil || is.lost(r.Chosen.Trained.Measure, r.Float) > drop {
		t.Errorf("chosen: %+v, float %+v", r.Chosen, r.Float)
	}
	runs, err := filepath.Glob(filepath.Join(run+"-confirm", "*", "summary.json"))
	if err != nil || len(runs) == 0 {
		t.Fatal(runs, err)
	}
	confirmed := 0
	for _, path := range runs {
		var s train.Summary
		readJSON(t, path, &s)
		for _, c := range append(slices.Clone(r.Front), r.Uniform...) {
			if c.Trained != nil && near(c.Trained.Loss, s.QAT.Loss) && o.agrees(c.Trained.Measure, s.QAT, r.Images.Count) {
				confirmed++
				break
			}
		}
		if !near(s.Float.Loss, r.Float.Loss) {
			t.Errorf("a float loss of %v, training has %v", r.Float.Loss, s.Float.Loss)
		}
	}
	if confirmed != len(runs) {
		t.Errorf("of %d trained choices, %d have what training reports", len(runs), confirmed)
	}
	o.isRefused(t, "packed takes ", o.with("search", run, "--budget", "drop=0", "--budget", "packed=1")...)
	least := slices.MinFunc(r.Front, func(a, b candidate) int {
		return cmp.Compare(is.lost(*a.Measured, r.Float), is.lost(*b.Measured, r.Float))
	})
	if is.lost(*least.Measured, r.Float) > 0 {
		o.isRefused(t, o.drop, o.with("search", run, "--budget", "drop=0")...)
	}
}

// agrees compares a measure with the results of a run.
func (o taught) agrees(m analysis.Measure, with train.Metrics, samples int) bool {
	switch {
	case m.Errors != nil:
		return math.Abs(with.Accuracy-1+float64(*m.Errors)/float64(samples)) < 1e-9
	case m.Metric != nil:
		return near(*m.Metric, o.task.Headline().Of(with))
	}
	return true
}

// near allows for sums in another order.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-5*math.Abs(b) }

// isRefused expects a message that no choice is right.
func (o taught) isRefused(t *testing.T, want string, args ...string) {
	t.Helper()
	var said strings.Builder
	code := run(t.Context(), args, nil, io.Discard, &said)
	if code != exitFailed || !strings.Contains(said.String(), "no choice of bits keeps ") ||
		!strings.Contains(said.String(), want) {
		t.Errorf("%v: exit code %d, %s: want %d, %s", args, code, &said, exitFailed, want)
	}
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
