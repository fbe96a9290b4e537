package conformance_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/agree"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/quantized/reference"
	"petrify/quantized/tflite"
)

// witnesses are all runtimes.
func witnesses(t *testing.T, all []*drawing) []witness {
	const every = math.MaxInt
	found := []witness{
		{"definition", every, tryDefinition}, {"ONNX Runtime", every, tryONNX},
		{"C", *inC, compiledC(t, all[:min(len(all), *inC)]).try},
	}
	for _, runtime := range startTFLite(t) {
		try := func(d *drawing) finding { return tryTFLite(runtime, d) }
		found = append(found, witness{runtime.Package.String(), every, try})
	}
	return found
}

// fault is the finding of an error.
func fault(err error) finding { return finding{fault: err.Error()} }

// names matches the parts of a refusal that are specific to one network.
var names = regexp.MustCompile(`[a-z_0-9]+_[0-9]+(\.weight)?|-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?`)

// refusal is the finding of an exporter's error: its first line, without names and
// numbers.
func refusal(err error) finding {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return finding{refused: names.ReplaceAllString(line, "…")}
}

// tryDefinition compares the engine with the definition, in a random mode.
func tryDefinition(d *drawing) finding {
	mode := reference.Modes()[d.rng(2).IntN(len(reference.Modes()))]
	activations, err := d.defined(mode)
	if err != nil {
		return fault(err)
	}
	return layers(d, modes[mode], activations)
}

// defined are the definition's activations, and the inputs without a name.
func (d *drawing) defined(mode reference.Mode) (map[string][]float32, error) {
	activations := map[string][]float32{"": d.x}
	for x := range slices.Chunk(d.x, d.Input.Size()) {
		values, err := reference.Run(d.model, mode, x)
		if err != nil {
			return nil, err
		}
		for name, v := range values {
			for k := range v.Len() {
				activations[name] = append(activations[name], v.Real(k))
			}
		}
	}
	return activations, nil
}

// An excuse is why a layer's output y may differ by so much.
type excuse func(n *quantized.Node, y []float32, largest float64) bool

// layers compares all activations layer by layer, but for excuses.
func layers(d *drawing, o integer.Options, activations map[string][]float32, excuses ...excuse) (f finding) {
	c, err := agree.New(d.model, o)
	if err != nil {
		return fault(err)
	}
	if err := c.Add(activations, inputs); err != nil {
		return fault(err)
	}
	for name, values := range activations {
		if name != "" {
			f.elements += len(values)
		}
	}
	for _, l := range c.Layers() {
		f.differ += l.Differing
		i := slices.IndexFunc(d.model.Nodes, func(n quantized.Node) bool { return n.Name == l.Layer })
		excused := i >= 0 && slices.ContainsFunc(excuses, func(e excuse) bool {
			return e(&d.model.Nodes[i], activations[l.Layer], l.Largest)
		})
		if l.Beyond > 0 && !excused && f.fault == "" {
			f.fault = fmt.Sprintf("%d of %d elements of %s are wrong, by up to %v", l.Beyond, l.Elements, l.Layer,
				l.Largest)
		}
	}
	return f
}

// betweenFiles excuses the last bits of layers that move real numbers, where each
// activation comes from a file that ends with it: a sum of floats may round
// differently in a file that goes on.
func betweenFiles(n *quantized.Node, y []float32, largest float64) bool {
	var greatest float64
	for _, r := range y {
		greatest = max(greatest, math.Abs(float64(r)))
	}
	return n.Weights == nil && n.Output.Quant.IsFloat() && largest <= 2e-6*greatest
}

// tryONNX lets ONNX Runtime compute all activations, and expects the same
// outputs from the unchanged file.
func tryONNX(d *drawing) finding {
	rng := d.rng(3)
	o := onnx.Options{Opset: []int{13, 21}[rng.IntN(2)], Signed: rng.IntN(3) == 0, Batch: rng.IntN(2) * inputs}
	if hasBlocks(d.model) {
		o.Opset = 21
	}
	file, err := o.Encode(d.model)
	if err != nil {
		return refusal(err)
	}
	tapped, taps, err := onnx.Tapped(file, d.model)
	if err != nil {
		return fault(err)
	}
	settings, arithmetic := conformance.Settings{Threads: 1}, integer.Options{}
	if o.Signed {
		settings.Config, arithmetic.Signed = signed.Config, true
	}
	shipped, err := runFile(file, settings, d.x)
	if err != nil {
		return fault(err)
	}
	read, err := runFile(tapped, settings, d.x)
	if err != nil {
		return fault(err)
	}
	if !bytes.Equal(shipped[0], read[0]) {
		return finding{fault: fmt.Sprintf("%+v: the outputs change when activations are read", o)}
	}
	activations := map[string][]float32{"": d.x, d.model.Output: floatsOf(shipped[0])}
	for i, tap := range taps {
		activations[tap.Name] = tap.Reals(read[1+i])
	}
	f := layers(d, arithmetic, activations)
	if f.fault != "" {
		f.fault = fmt.Sprintf("%+v: %s", o, f.fault)
	}
	return f
}

// hasBlocks reports whether weights have scales for blocks, which opset 13 cannot express.
func hasBlocks(m *quantized.Model) bool {
	return slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool { return n.Weights != nil && n.Weights.Block > 0 })
}

func runFile(file []byte, s conformance.Settings, x []float32) ([][]byte, error) {
	session, err := conformance.Open(file, s)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.RunAll(x)
}

// tryTFLite has TensorFlow Lite compute the output of a network of integers, and
// of others every activation, each by a file that ends with it. The newer one also
// takes weights two to a byte, where there are any to pack.
func tryTFLite(runtime *conformance.TFLite, d *drawing) finding {
	o, arithmetic := tflite.Options{}, xnnpack
	if runtime.Package == conformance.LiteRT && d.rng(5).IntN(2) == 0 {
		o.Int4, arithmetic = true, packed
	}
	if _, err := tflite.Encode(d.model, o); err != nil && o.Int4 {
		o.Int4, arithmetic = false, xnnpack
	}
	if _, err := tflite.Encode(d.model, o); err != nil {
		return refusal(err)
	}
	ends := []string{d.model.Output}
	if hasFloats(d.model) {
		ends = nil
		for i := range d.model.Nodes {
			ends = append(ends, d.model.Nodes[i].Name)
		}
	}
	activations := map[string][]float32{"": d.x, d.model.Input.Name: inputsOf(d.model, d.x)}
	for _, end := range ends {
		y, err := tfliteReals(runtime, o, d.model.Until(end), d.x)
		if err != nil {
			return fault(err)
		}
		activations[end] = y
	}
	if hasFloats(d.model) {
		return layers(d, arithmetic, activations, betweenFiles)
	}
	return output(d, arithmetic, activations[d.model.Output])
}

// inputsOf are x, C H W, as the model's input has them: on its grid, if it has one.
func inputsOf(m *quantized.Model, x []float32) []float32 {
	q := m.Input.Quant
	if q.IsFloat() {
		return x
	}
	y := make([]float32, len(x))
	for i, r := range x {
		y[i] = affine.Dequantize(affine.Quantize(r, q.Scale, q.Zero, q.Format), q.Scale, q.Zero)
	}
	return y
}

// tfliteReals are a model's outputs, real numbers C H W, for inputs x C H W.
func tfliteReals(runtime *conformance.TFLite, o tflite.Options, m *quantized.Model, x []float32) ([]float32, error) {
	file, err := tflite.Encode(m, o)
	if err != nil && o.Int4 { // this part of the network has nothing to pack
		file, err = tflite.Encode(m, tflite.Options{})
	}
	if err != nil {
		return nil, err
	}
	in := floatBytes(channelsLast(x, m.Input.Shape))
	if !m.Input.Quant.IsFloat() {
		in = moved(integersOf(m, x), m.Input.Quant.Format, false)
	}
	data, err := runtime.Run(file, in)
	if err != nil {
		return nil, err
	}
	out, _ := m.Activation(m.Output)
	q := out.Quant
	if q.IsFloat() {
		return planar(floatsOf(data), out.Shape), nil
	}
	y := make([]float32, len(data))
	for i, b := range moved(data, q.Format, true) {
		integer := int32(b)
		if !q.Format.Unsigned {
			integer = int32(int8(b))
		}
		y[i] = affine.Dequantize(integer, q.Scale, q.Zero)
	}
	return planar(y, out.Shape), nil
}

// planar turns N H W C into N C H W.
func planar(x []float32, shape []int) []float32 {
	if len(shape) < 3 {
		return x
	}
	return channelsLast(x, []int{shape[1] * shape[2], shape[0], 1})
}

// output compares the output of a network of integers with the engine's.
func output(d *drawing, o integer.Options, y []float32) finding {
	e, err := integer.New(d.model, o)
	if err != nil {
		return fault(err)
	}
	want := make([]float32, inputs*e.OutputSize())
	if err := e.Run(want, channelsLast(d.x, d.model.Input.Shape), inputs); err != nil {
		return fault(err)
	}
	return compare(y, want)
}

// compare expects y to equal want.
func compare(y, want []float32) finding {
	f := finding{elements: len(want)}
	if len(y) != len(want) {
		return finding{fault: fmt.Sprintf("%d outputs, want %d", len(y), len(want))}
	}
	wrong, first := 0, 0
	for i := len(y) - 1; i >= 0; i-- {
		if y[i] != want[i] {
			wrong, first = wrong+1, i
		}
	}
	if wrong > 0 {
		f.fault = fmt.Sprintf("%d of %d outputs are wrong; output %d is %v, want %v", wrong, len(y), first,
			y[first], want[first])
	}
	return f
}

// programs are networks in C, by their numbers, each a model of a program.
type programs struct {
	t  *testing.T
	of map[*drawing]compiled
}

// compiled is a place in a program, or why there is none.
type compiled struct {
	program *conformance.Compiled
	place   int
	refused error
}

// requantizes is how the drawing's C computes.
func (d *drawing) requantizes() integer.Requantization {
	return requantizations[d.rng(4).IntN(len(requantizations))]
}

// compiledC compiles programs of several networks each, with alternating flags.
func compiledC(t *testing.T, all []*drawing) *programs {
	p := &programs{t, map[*drawing]compiled{}}
	flags := [][]string{plain, standard, gnu, sanitized}
	for i, some := range slices.Collect(slices.Chunk(all, 20)) {
		p.compile(some, flags[i%len(flags)])
	}
	return p
}

func (p *programs) compile(all []*drawing, flags []string) {
	p.t.Helper()
	var exports []conformance.Export
	var places []*drawing
	for _, d := range all {
		folder := p.t.TempDir()
		if err := carray.Write(folder, d.model, carray.Options{Requantization: d.requantizes()}); err != nil {
			p.of[d] = compiled{refused: err}
			continue
		}
		exports, places = append(exports, conformance.Export{Model: d.model, Requantization: d.requantizes()}),
			append(places, d)
	}
	if len(exports) == 0 {
		return
	}
	program, err := conformance.Compile(p.t.TempDir(), exports, flags...)
	if err != nil {
		p.t.Fatal(err)
	}
	for i, d := range places {
		p.of[d] = compiled{program: program, place: i}
	}
}

// try runs the program of a network on real numbers.
func (p *programs) try(d *drawing) finding {
	if _, ok := p.of[d]; !ok {
		p.compile([]*drawing{d}, standard)
	}
	c := p.of[d]
	if c.refused != nil {
		return refusal(c.refused)
	}
	data, err := c.program.Run(c.place, "real", floatBytes(channelsLast(d.x, d.model.Input.Shape)))
	if err != nil {
		return fault(err)
	}
	out, _ := d.model.Activation(d.model.Output)
	want, err := d.defined(cModes[d.requantizes()])
	if err != nil {
		return fault(err)
	}
	f := compare(planar(floatsOf(data), out.Shape), want[d.model.Output])
	if f.fault != "" {
		f.fault = fmt.Sprintf("%v: %s", d.requantizes(), f.fault)
	}
	return f
}
