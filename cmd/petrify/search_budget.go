package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"petrify/quantized"
	"petrify/quantized/carray"
)

// respect is what a choice of bits costs.
type respect struct {
	name, is string
	of       func(m *quantized.Model) (int64, error) // nil: the seeker's clock tells

	// more is what predictions add to of, so that options add up; nil: nothing.
	more func(m *quantized.Model) (int64, error)
}

// predicted is a model's part of a prediction.
func (r respect) predicted(m *quantized.Model) (int64, error) {
	n, err := r.of(m)
	if err != nil || r.more == nil {
		return n, err
	}
	more, err := r.more(m)
	return n + more, err
}

// text is an amount in the respect.
func (r respect) text(n int64) string {
	if r.name == latency {
		return fmt.Sprintf("%.1f µs", float64(n)/1e3)
	}
	return thousands(n)
}

// respects lists what budgets may limit; the number of bit operations comes last.
func respects() []respect {
	flash := func(m *quantized.Model) (int64, error) {
		n, _, err := carray.Footprint(m, carray.Options{})
		return int64(n), err
	}
	packing := func(m *quantized.Model) (int64, error) {
		n, err := carray.PackingFields(m, carray.Options{})
		return int64(n), err
	}
	unpacked := func(m *quantized.Model) (int64, error) {
		n, _, err := carray.Footprint(m, carray.Options{Unpacked: true})
		return int64(n), err
	}
	ram := func(m *quantized.Model) (int64, error) {
		_, n, err := carray.Footprint(m, carray.Options{})
		return int64(n), err
	}
	all := []respect{
		{"packed", "bytes of all tensors, without unused bits", func(m *quantized.Model) (int64, error) {
			s := m.Size()
			return s.Total() - s.Weights + s.Packed, nil
		}, nil},
		{"flash", "bytes of the C export's constants, without its code", flash, packing},
		{"flash-unpacked", "the same with --no-pack", unpacked, nil},
		{"onnx", "bytes of the ONNX file", written(onnxFormat(), false), nil},
		{"coreml", "bytes of the Core ML package", written(coremlFormat(), false), nil},
		{"tflite", "bytes of the .tflite file", written(tfliteFormat(), false), nil},
		{"tflite-int4", "bytes of the .tflite file, with --int4 where it has an effect", packedTFLite, nil},
		{"ram", "bytes of the C export's arena", ram, nil},
		{latency, "time of the engine for one input, on one processor of this machine", nil, nil},
	}
	all = append(all, estimates()...)
	return append(all, respect{bops, "bit operations: multiply-accumulates, times the bits of both factors",
		bitOperations, nil})
}

// bops names the respect in which weights and activations multiply.
const bops = "bops"

// trained is a model that says that it was trained with quantization for 9,999 epochs, the
// most that are counted: no file that says less is longer.
func trained(m *quantized.Model) *quantized.Model {
	c := *m
	c.Origin.Method, c.Origin.Epochs = "qat", 9999
	return &c
}

// promised are facts like those of the proof that exports name, of so many images that no
// file becomes longer.
func promised() map[string]string {
	const images = 999_999
	return (&quantized.Proof{
		Data: quantized.ProofData{Samples: images}, Outputs: 1000 * images,
		Comparisons: []quantized.Comparison{{A: theTraining, B: theEngine}, {A: theEngine, B: theDefinition, Samples: 8},
			{A: theEngine, B: theFile}},
	}).Facts()
}

// written is the size of an export.
func written(f format, int4 bool) func(m *quantized.Model) (int64, error) {
	o := exportOptions{int4: int4, facts: promised()}
	return func(m *quantized.Model) (sum int64, err error) {
		folder, err := os.MkdirTemp("", "petrify")
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(folder)
		if err := f.write(filepath.Join(folder, f.usualPlace(m, o)), trained(m), o); err != nil {
			return 0, err
		}
		files, err := filesBelow(folder)
		if err != nil {
			return 0, err
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				return 0, err
			}
			sum += info.Size()
		}
		return sum, nil
	}
}

// packedTFLite is the size with 4-bit weights packed; a file without any cannot ask for it.
func packedTFLite(m *quantized.Model) (int64, error) {
	if n, err := written(tfliteFormat(), true)(m); err == nil {
		return n, nil
	}
	return written(tfliteFormat(), false)(m)
}

// bitOperations counts 32 bits for float.
func bitOperations(m *quantized.Model) (sum int64, err error) {
	for _, p := range productsOf(m) {
		a, _ := m.Activation(p.input)
		sum += p.macs * widthOf(a.Quant.Format.Bits) * widthOf(p.weights.Format.Bits)
	}
	return sum, nil
}

func widthOf(bits int) int64 {
	if bits == 0 {
		return 32
	}
	return int64(bits)
}

// productOf is a node that multiplies weights.
type productOf struct {
	node, input string
	weights     *quantized.Weights
	macs        int64
}

func productsOf(m *quantized.Model) (all []productOf) {
	layers := m.Size().Layers[1:] // after the input
	for i := range m.Nodes {
		if n := &m.Nodes[i]; n.Weights != nil {
			all = append(all, productOf{n.Name, n.Inputs[0], n.Weights, layers[i].MACs})
		}
	}
	return all
}

// budgets are limits of what is chosen.
type budgets struct {
	respects []respect // whose limits there are; the first is what fronts are drawn over
	limits   []int64
	drop     float64 // in the unit of the task's terms; below 0: no limit
}

// parseBudgets reads flags such as flash=64KiB.
func parseBudgets(texts []string) (b budgets, err error) {
	b.drop = -1
	amounts := map[string]int64{}
	for _, text := range texts {
		what, amount, ok := strings.Cut(text, "=")
		known := slices.ContainsFunc(respects(), func(r respect) bool { return r.name == what })
		want := "an amount, such as 64KiB, 2M or 1000"
		switch _, again := amounts[what]; {
		case !ok || !known && what != "drop":
			return b, fmt.Errorf("--budget %s: want WHAT=AMOUNT with one of %s", text,
				strings.Join(append(respectNames(), "drop"), ", "))
		case again || what == "drop" && b.drop >= 0:
			return b, fmt.Errorf("--budget %s: %s has a budget already", text, what)
		case what == "drop":
			want = "percent or percentage points, from 0 to 100, such as 0.5"
			b.drop, err = strconv.ParseFloat(amount, 64)
			ok = err == nil && b.drop >= 0 && b.drop <= 100
		case what == latency:
			want = "a time, such as 2ms or 500us"
			var d time.Duration
			d, err = time.ParseDuration(amount)
			amounts[what], ok = d.Nanoseconds(), err == nil && d > 0
		default:
			amounts[what], ok = parseAmount(amount)
		}
		if !ok {
			return b, fmt.Errorf("--budget %s: want %s", text, want)
		}
	}
	for _, r := range respects() {
		if limit, ok := amounts[r.name]; ok {
			b.respects, b.limits = append(b.respects, r), append(b.limits, limit)
		}
	}
	if len(b.respects) == 0 || !slices.Contains([]string{"packed", "flash", "flash-unpacked", "onnx", "coreml", "tflite", "tflite-int4"},
		b.respects[0].name) {
		b.respects, b.limits = append(respects()[:1:1], b.respects...), append([]int64{unlimited}, b.limits...)
	}
	if b.drop < 0 && len(texts) == 0 {
		return b, fmt.Errorf("no budget: want --budget WHAT=AMOUNT, such as tflite-int4=64KiB or drop=0.5")
	}
	return b, nil
}

func respectNames() (all []string) {
	for _, r := range respects() {
		all = append(all, r.name)
	}
	return all
}

// factors are those of units; longer names come first.
var factors = []struct {
	unit   string
	factor float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"kB", 1e3}, {"MB", 1e6}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1},
}

// parseAmount reads a number with a unit, such as 64KiB.
func parseAmount(text string) (int64, bool) {
	for _, f := range factors {
		if number, ok := strings.CutSuffix(text, f.unit); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			n *= f.factor
			return int64(n), err == nil && n >= 1 && n < 1<<62
		}
	}
	return 0, false
}

// budgetsText lists budgets for the help.
func budgetsText() string {
	var b strings.Builder
	for _, r := range respects() {
		fmt.Fprintf(&b, "  %-21s %s\n", r.name, r.is)
	}
	b.WriteString("  drop                  percentage points of accuracy, mAP or mIoU below the float network's, or percent of\n" +
		"                        its MAE or loss above it, on the samples of analyze\n")
	return b.String()
}
