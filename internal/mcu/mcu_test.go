package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized/carray"
)

const root = "../.."

// The table in docs/c.md is that of the recorded figures, and every figure is recorded.
func TestPage(t *testing.T) {
	all, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range figureTasks(cores()) {
		if all[keyOf(task)].instructions == 0 {
			t.Errorf("%v is not in %s: run with -record", task, figuresFile)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	if page, err := paged(string(text), all); err != nil || page != string(text) {
		t.Errorf("the table in %s is not that of %s: run with -record: %v", pageFile, figuresFile, err)
	}
	if written, err := os.ReadFile(filepath.Join(root, figuresFile)); err != nil ||
		string(written) != string(writeFigures(all)) {
		t.Errorf("%s is not written as it is read: %v", figuresFile, err)
	}
	if _, err := paged("no marks", all); err == nil {
		t.Error("a page without marks gets a table")
	}
}

// A figure may grow by 3 %, and no more; each counts.
func TestFiguresHold(t *testing.T) {
	f := figure{1000, 1000, 1000}
	for _, c := range []struct {
		r  result
		ok bool
	}{
		{result{instructions: 1000, code: 1000, stack: 1000}, true},
		{result{instructions: 1030, code: 1030, stack: 1030}, true},
		{result{instructions: 500, code: 500, stack: 500}, true},
		{result{instructions: 1031, code: 1000, stack: 1000}, false},
		{result{instructions: 1000, code: 1031, stack: 1000}, false},
		{result{instructions: 1000, code: 1000, stack: 1031}, false},
	} {
		if err := f.holds(c.r); (err == nil) != c.ok {
			t.Errorf("%+v: %v, want ok %v", c.r, err, c.ok)
		}
	}
}

// A counter that counts something else is not believed.
func TestCounterIsChecked(t *testing.T) {
	for _, c := range cores() {
		right := 6 * loop / c.perTick()
		for ticks, ok := range map[float64]bool{right + 5: true, right - 5: false, right * 1.01: false, right / 6: false} {
			if err := c.check(ticks); (err == nil) != ok {
				t.Errorf("%s: %.0f ticks, %.0f are right: %v", c.name, ticks, right, err)
			}
		}
	}
}

// Every call of every built-in network's run is followed by a report, and nothing else changes.
func TestInstrument(t *testing.T) {
	for _, n := range networks[:4] {
		m, err := n.model(formats[0])
		if err != nil {
			t.Fatal(err)
		}
		files, err := carray.Encode(m, carray.Options{Name: "net"})
		if err != nil {
			t.Fatal(err)
		}
		source, calls := instrument(files[1].Data)
		text := strings.ReplaceAll(string(source), "\n    mcu_layer();", "")
		if text = strings.Replace(text, "void mcu_layer(void);\n\n", "", 1); text != string(files[1].Data) {
			t.Errorf("%s: more than reports was added", n.name)
		}
		layers := 0
		for _, node := range m.Nodes {
			if node.Op.String() != "flatten" {
				layers++
			}
		}
		if len(calls) != layers || strings.Count(string(source), "\n    mcu_layer();") != layers {
			t.Errorf("%s: %d calls and %d layers: %q", n.name, len(calls), layers, calls)
		}
	}
}

// A sample has the recorded figures of two networks on every core, and every format and
// requantization within a few days.
func TestSample(t *testing.T) {
	seen, held := map[string]bool{}, 0
	for day := range uint64(20) {
		for _, task := range sample(cores(), day) {
			seen[task.format.name], seen[task.requantization.String()], seen[task.level] = true, true, true
			if task.network == "ds-cnn" && keyOf(task) != (key{}) {
				held++
			}
		}
	}
	for _, f := range formats {
		if !seen[f.name] {
			t.Errorf("no sample has %s", f.name)
		}
	}
	for _, r := range requantizations {
		if !seen[r.String()] {
			t.Errorf("no sample has %v", r)
		}
	}
	if held < 20*len(cores()) {
		t.Errorf("%d figures of ds-cnn are held in 20 days, want %d", held, 20*len(cores()))
	}
	if n := len(enumeration(cores(), 1)); n != len(cores())*(2*3*len(networks)*len(formats)+200) {
		t.Errorf("everything is %d trials", n)
	}
}

// aims are the most instructions that a multiply-accumulate of ds-cnn and of resnet8 may take at -O2.
var aims = map[string][2]float64{"m0plus": {7.2, 5.5}, "m4": {2, 1.5}, "m7": {2, 1.5}, "m55": {0.7, 0.4}, "rv32imc": {5, 4}}

// What is recorded, and held on every core, reaches the aims: at -Os it takes at most half as much again, and code
// for a Cortex-M4 has less than 4 KiB.
func TestFiguresReachTheAims(t *testing.T) {
	all, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	for core, aim := range aims {
		for i, name := range []string{"ds-cnn", "resnet8"} {
			products, err := networks[place(name)].products()
			if err != nil {
				t.Fatal(err)
			}
			got := float64(all[key{name, core, "gemmlowp", "-O2"}].instructions) / products
			if got == 0 || got > aim[i] {
				t.Errorf("%s on %s: %.3f instructions a multiply-accumulate, want at most %v", name, core, got, aim[i])
			}
		}
	}
	for k, f := range all {
		fast := k
		fast.level = "-O2"
		if most := all[fast].instructions * 3 / 2; f.instructions > most {
			t.Errorf("%v: %d instructions, want at most %d", k, f.instructions, most)
		}
		if k.core == "m4" && k.level == "-O2" && f.code >= 4096 {
			t.Errorf("%v: %d bytes of code, want less than 4096", k, f.code)
		}
	}
}
