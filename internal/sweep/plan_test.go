package sweep

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// planOf is the plan of a sweep's file.
func planOf(t *testing.T, text string) *Plan {
	t.Helper()
	spec, err := parse("sweep.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(spec, "/data")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// names are those of all trials.
func names(p *Plan) (all []string) {
	for i := range p.Len() {
		all = append(all, p.Name(p.Trial(i)))
	}
	return all
}

func TestTrials(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "{}", []string{""}},
		{"the last axis is the fastest", "axes: {batch: [16, 32], seed: 1..3}", []string{"batch=16 seed=1",
			"batch=16 seed=2", "batch=16 seed=3", "batch=32 seed=1", "batch=32 seed=2", "batch=32 seed=3"}},
		{"variants", "axes: {bits: {W8: {}, W4: {reestimate: 3}, none: }}",
			[]string{"bits=W8", "bits=W4", "bits=none"}},
		{"zip", "zip: [{batch: [16, 32], qat.learning_rate: [0.1, 0.2]}]\naxes: {seed: [7]}",
			[]string{"batch=16 qat.learning_rate=0.1 seed=7", "batch=32 qat.learning_rate=0.2 seed=7"}},
		{"exclude", "axes: {batch: [16, 32], seed: 1..2}\nexclude: [{batch: 16, seed: 2}, {batch: 32, seed: 1}]",
			[]string{"batch=16 seed=1", "batch=32 seed=2"}},
		{"lists and blocks as values", "axes: {network: [[flatten, {linear: {features: 3}}], cnn]}",
			[]string{"network=[flatten, {linear: {features: 3}}]", "network=cnn"}},
		{"negative", "axes: {x: -1..1}", []string{"x=-1", "x=0", "x=1"}},
	} {
		if got := names(planOf(t, tt.text)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Blocks of keys are merged, everything else is replaced, and the base stays as it is.
func TestConfigOfTrial(t *testing.T) {
	p := planOf(t, `
base: {float: {epochs: 3, optimizer: {method: sgd, momentum: 0.9}}, augment: &a {shift: 1}, qat: {epochs: 2}}
axes:
  method:
    plain: {}
    adam: {float: {optimizer: {method: adam, momentum: 0}}, qat: {epochs: null}}
  float.epochs: [5]
`)
	want := []string{
		"float: {epochs: 5, optimizer: {method: sgd, momentum: 0.9}}\naugment: {shift: 1}\nqat: {epochs: 2}\n",
		"float: {epochs: 5, optimizer: {method: adam, momentum: 0}}\naugment: {shift: 1}\nqat: {epochs: null}\n",
	}
	for range 2 { // twice: nothing may have changed the base
		for i, w := range want {
			if got := string(p.Config(i)); got != w {
				t.Errorf("trial %d:\n%s\nwant\n%s", i, got, w)
			}
		}
	}
}

// Aliases are resolved, and a document that aliases blow up is refused.
func TestAliases(t *testing.T) {
	p := planOf(t, "base: {float: &s {epochs: 3}, qat: *s}")
	if got, want := string(p.Config(0)), "float: {epochs: 3}\nqat: {epochs: 3}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	bomb := "base: {a0: &a0 [x]"
	for i := range 30 {
		bomb += fmt.Sprintf(", a%d: &a%d [*a%d, *a%d]", i+1, i+1, i, i)
	}
	if _, err := parse("s", []byte(bomb+"}")); err == nil {
		t.Error("a document of 2³⁰ values was read")
	}
}

// Paths are as relative to the folder where the plan was made; names of what is built in
// are no paths.
func TestPathsOfTrial(t *testing.T) {
	p := planOf(t, `
base: {dataset: mine.csv, network: cnn, weights: ../w.npz, data: {dir: d, test: /abs.csv, label: y}, out: runs}
axes: {dataset: [mine.csv, digits], network: [cnn, model.onnx]}
`)
	want := "dataset: digits\nnetwork: /data/model.onnx\nweights: /w.npz\n" +
		"data: {dir: /data/d, test: /abs.csv, label: y}\nout: runs\n"
	if got := string(p.Config(3)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[1]":                "want a block of keys",
		"axis: {}":           `sweep.yaml:1: unknown key "axis": want base, axes`,
		"base: [1]":          "base: want a block of keys, or the name of a configuration file",
		"base: missing.yaml": "base: open missing.yaml: no such file",
		"axes: [1]":          "axes: want a block of keys",
		"axes: {seed: 3}": "axes: seed: want a list of values, a range such as 1..5, " +
			"or a block",
		"axes: {seed: 5..1}":                                             "axes: seed: want a list",
		"axes: {seed: 0..9999999}":                                       "axes: seed: want a list",
		"axes: {seed: []}":                                               "axes: seed: no values",
		"axes: {seed: [1, 1]}":                                           `axes: seed: "1" is there twice`,
		"axes: {bits: {W4: 4}}":                                          "axes: bits: W4: want a block of keys",
		"axes: {seed: [1], seed: [2]}":                                   `the key "seed" is there twice`,
		"zip: {}":                                                        "zip: want a list",
		"zip: [{a: [1, 2], b: [1]}]":                                     "zip: b has 1 values, and a has 2",
		"axes: {seed: [1]}\nzip: [{seed: [2]}]":                          `the axis "seed" is there twice`,
		"axes: {seed: [1]}\nexclude: [{seed: 2}]":                        "exclude: no trial has seed=2",
		"axes: {seed: [1]}\nexclude: [{}]":                               "exclude: want the labels",
		"axes: {a: 1..2000, b: 1..2000}":                                 "more than 1000000 trials",
		"sample: {}":                                                     "sample: want trials, and ranges",
		"sample: {trials: 0, ranges: {a: {from: 0, to: 1}}}":             "sample: trials: want a number from 1",
		"sample: {trials: 2, ranges: {a: {from: 1, to: 1}}}":             "want from less than to",
		"sample: {trials: 2, ranges: {a: {from: x, to: 1}}}":             "from: want a number",
		"sample: {trials: 2, ranges: {a: {from: .inf, to: 1}}}":          "from: want a number",
		"sample: {method: grid}":                                         "method: want sobol or random",
		"sample: {trials: 2, ranges: {a: {from: 0, to: 1, scale: log}}}": "for scale log from more than 0",
	} {
		_, err := parse("sweep.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
	if spec, err := parse("s", []byte("axes: {seed: [1]}\nexclude: [{seed: 1}]")); err != nil {
		t.Error(err)
	} else if _, err := newPlan(spec, ""); err == nil || !strings.Contains(err.Error(), "every trial is excluded") {
		t.Error(err)
	}
}

// Trials that differ only in what follows the float stage share it, whatever their axes.
func TestSharedStages(t *testing.T) {
	for text, want := range map[string][]int{
		"axes: {bits: {a: {}, b: {reestimate: 3}}, seed: 1..2}": {0, 1, 0, 1},
		"axes: {seed: 1..3}":                                                                        {-1, -1, -1},
		"axes: {qat.epochs: [1, 2], calibration: [3]}":                                              {0, 0},
		"axes: {batch: [8, 16], qat.learning_rate: [0.1, 0.2]}":                                     {0, 0, 1, 1},
		"axes: {v: {a: {float: {epochs: 2}}, b: {float: {epochs: 2}}, c: {}}}":                      {0, 0, -1},
		"base: {float: {epochs: 0}}\naxes: {qat.epochs: [1, 2]}":                                    {-1, -1},
		"axes: {v: {a: {out: x, qat: {epochs: 1}}, b: {checkpoint: 3, distillation: {weight: 1}}}}": {0, 0},
	} {
		p := planOf(t, text)
		var got []int
		for i := range p.Len() {
			got = append(got, p.Stage(i))
		}
		if !slices.Equal(got, want) || p.Stages() != slices.Max(want)+1 {
			t.Errorf("%s: stages %v of %d, want %v", text, got, p.Stages(), want)
		}
	}
}

// The values of numpy's and scipy's qmc.Sobol(d=10, scramble=False), of SciPy 1.10.
func TestSobolIsSciPys(t *testing.T) {
	for i, want := range map[uint32][10]float64{
		1:  {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
		2:  {0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75},
		3:  {0.25, 0.75, 0.75, 0.75, 0.25, 0.25, 0.75, 0.25, 0.25, 0.25},
		5:  {0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375, 0.375, 0.125},
		11: {0.4375, 0.5625, 0.1875, 0.6875, 0.8125, 0.0625, 0.6875, 0.6875, 0.6875, 0.0625},
		15: {0.0625, 0.9375, 0.5625, 0.3125, 0.6875, 0.1875, 0.8125, 0.3125, 0.3125, 0.6875},
	} {
		for d, w := range want {
			if got := sobol(d, i); got != w {
				t.Errorf("coordinate %d of point %d is %v, want %v", d, i, got, w)
			}
		}
	}
}

// Samples lie in their ranges, are the same every time, and do not depend on how many are
// drawn after them.
func TestSample(t *testing.T) {
	const text = `
sample:
  method: %s
  seed: 3
  trials: %d
  ranges:
    float.learning_rate: {from: 0.0001, to: 0.01, scale: log}
    batch: {from: 8, to: 11, whole: true}
    seed: {from: 1, to: 3, whole: true, scale: log}
`
	for _, method := range []string{"sobol", "random"} {
		few, many := names(planOf(t, fmt.Sprintf(text, method, 10))), names(planOf(t, fmt.Sprintf(text, method, 400)))
		if !slices.Equal(few, many[:10]) {
			t.Errorf("%s: %q, then %q", method, few, many[:10])
		}
		batches := map[string]int{}
		for _, name := range many {
			var rate float64
			var batch string
			var seed int
			fields := strings.Fields(name)
			fmt.Sscanf(fields[0], "float.learning_rate=%g", &rate)
			fmt.Sscanf(fields[1], "batch=%s", &batch)
			fmt.Sscanf(fields[2], "seed=%d", &seed)
			if rate < 0.0001 || rate > 0.01 || seed < 1 || seed > 3 {
				t.Errorf("%s: %s", method, name)
			}
			batches[batch]++
		}
		for _, b := range []string{"8", "9", "10", "11"} {
			if n := batches[b]; n < 70 || n > 130 {
				t.Errorf("%s: batch %s drawn %d times of 400, want about 100", method, b, n)
			}
		}
		if len(batches) != 4 {
			t.Errorf("%s: batches %v", method, batches)
		}
	}
}

// A folder holds the whole plan: another process, elsewhere, reads the same trials from
// it. Planning again changes nothing, and another plan is refused.
func TestCreateAndOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("base.yaml", "network: mlp\nfloat: {epochs: 1}\n")
	write("s.yaml", "base: base.yaml\naxes: {qat.epochs: [0, 1], seed: 1..6}\n")
	made, err := Create("s.yaml", "out")
	if err != nil {
		t.Fatal(err)
	}
	files := func() (all []string) {
		filepath.WalkDir("out", func(path string, e os.DirEntry, err error) error {
			text, _ := os.ReadFile(path)
			all = append(all, path+" "+string(text))
			return err
		})
		return all
	}
	first := files()
	if len(first) != 1+1+1+12*2 {
		t.Errorf("%d files and folders: %q", len(first), first)
	}
	os.Remove("base.yaml") // it is in the plan
	opened, err := Open("out")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(names(made.Plan), names(opened.Plan)) || made.Stages() != opened.Stages() {
		t.Error("the plan has other trials when it is read again")
	}
	for i := range made.Len() {
		if !bytes.Equal(made.Config(i), opened.Config(i)) {
			t.Errorf("trial %d: %s, then %s", i, made.Config(i), opened.Config(i))
		}
		c, err := opened.TrialConfig(i)
		if err != nil || c.Out != opened.TrialFolder(i) || c.Seed != uint64(i%6+1) || c.QAT.Epochs != i/6 {
			t.Errorf("trial %d: %+v, %v", i, c, err)
		}
	}
	if _, err := Create(filepath.Join("out", PlanFile), "out"); err != nil {
		t.Errorf("the plan's own file: %v", err)
	}
	if again := files(); !slices.Equal(again, first) {
		t.Errorf("planning again left %q", again)
	}
	path := filepath.Join("out", PlanFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "1..6", "1..7", 1) // which makes another trial of the seventh
	for changed, want := range map[string]string{
		edited:              "has been changed since the trials were planned",
		string(text) + "\n": "has been changed since the trials were planned",
		string(text[:len(text)-len(sealMark)-65]): "", // of an earlier version
		string(text): "",
	} {
		write(path, changed)
		if _, err := Open("out"); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\n%v, want %q", changed, err, want)
		}
	}
	write(path, string(text))
	if _, err := Create(path, "out"); err != nil {
		t.Error(err)
	}
	write(path, edited)
	if s, err := Create(path, "more"); err != nil || s.Len() != 14 {
		t.Errorf("an edited plan elsewhere: %v", err)
	}
	write(path, string(text))
	write("other.yaml", "axes: {seed: 1..6}\n")
	if _, err := Create("other.yaml", "out"); err == nil || !strings.Contains(err.Error(), "holds another plan") {
		t.Errorf("another plan: %v", err)
	}
	if _, err := Open("nothing"); err == nil || !strings.Contains(err.Error(), "want a folder that") {
		t.Errorf("no plan: %v", err)
	}
}

// What is wrong with the trials' configurations is said once, with the first trial that
// has it, and no folder is written.
func TestCreateChecksTrials(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "base: {netwrk: cnn}\naxes: {batch: [16, x, 0], seed: 1..400}\n"
	if err := os.WriteFile("s.yaml", []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Create("s.yaml", "out")
	if err == nil || !strings.Contains(err.Error(), "trial 0 (batch=16 seed=1): netwrk: unknown key") ||
		!strings.Contains(err.Error(), "trial 400 (batch=x seed=1): batch: ") ||
		!strings.Contains(err.Error(), "trial 800 (batch=0 seed=1): batch: ") ||
		strings.Count(err.Error(), "netwrk") != 1 {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat("out"); err == nil {
		t.Error("a folder was written")
	}
}
