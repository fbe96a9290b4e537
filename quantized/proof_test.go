package quantized_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized"
)

func TestComparison(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		a, b      []float32
		differing int
		largest   float64
		holds     bool
	}{
		"equal":           {a: []float32{1, -2, 0}, b: []float32{1, -2, 0}, holds: true},
		"one off":         {a: []float32{1, -2}, b: []float32{1, -2.5}, differing: 1, largest: 0.5},
		"signs of zero":   {a: []float32{0}, b: []float32{float32(math.Copysign(0, -1))}, holds: true},
		"no number twice": {a: []float32{nan}, b: []float32{nan}, holds: true},
		"no number once":  {a: []float32{nan}, b: []float32{1}, differing: 1, largest: math.MaxFloat64},
		"infinity": {a: []float32{1}, b: []float32{float32(math.Inf(1))}, differing: 1,
			largest: math.MaxFloat64},
		"shorter":                {a: []float32{1, 2}, b: []float32{1}, differing: 1, largest: math.MaxFloat64},
		"nothing proves nothing": {},
	} {
		got := quantized.Comparison{A: "a", B: "b"}
		got.Add(c.a, c.b)
		if got.Differing != c.differing || got.Largest != c.largest || got.Holds() != c.holds {
			t.Errorf("%s: %+v, holds %v", name, got, got.Holds())
		}
	}
}

func proof() *quantized.Proof {
	p := &quantized.Proof{
		Network: "cnn", Version: "1", Outputs: 3550,
		Model: []quantized.Digest{quantized.DigestOf("model.json", []byte("abc"))},
		Data:  quantized.ProofData{Name: "digits", Split: "test", Samples: 355},
		Comparisons: []quantized.Comparison{
			{A: "training", B: "integer engine", Elements: 3550},
			{A: "integer engine", B: "re-read file", Elements: 3550},
		},
		Accumulators: []quantized.Accumulator{{Layer: "conv1", Min: -31000, Max: 40000, Bits: 17}},
	}
	return p
}

func TestProofInOneLine(t *testing.T) {
	p := proof()
	want := "355 images, 3,550 outputs: 0 differ (training = integer engine = re-read file)"
	if got := p.String(); got != want || p.Check() != nil {
		t.Errorf("%s, %v; want %s", got, p.Check(), want)
	}
	p.Comparisons = append(p.Comparisons, quantized.Comparison{
		A: "integer engine", B: "ONNX Runtime", Elements: 3550, Differing: 3, Largest: 0.25,
	})
	want = "355 images, 3,550 outputs: 3 differ (training = integer engine = re-read file); differs: ONNX Runtime"
	if got := p.String(); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if err := p.Check(); err == nil ||
		err.Error() != "quantized: integer engine and ONNX Runtime: 3 of 3,550 outputs differ, by up to 0.25" {
		t.Error(err)
	}
	p.Comparisons[2].Layers = []quantized.LayerComparison{
		{Layer: "conv1", Elements: 9000, Differing: 7, Near: 9, Largest: 0.01},
	}
	want = "355 images, 3,550 outputs: 0 differ (training = integer engine = re-read file); " +
		"within rounding of float sums: ONNX Runtime"
	if got := p.String(); got != want || p.Check() != nil {
		t.Errorf("%s, %v; want %s", got, p.Check(), want)
	}
	p.Comparisons[2].Layers = append(p.Comparisons[2].Layers,
		quantized.LayerComparison{Layer: "fc", Elements: 9000, Differing: 8, Beyond: 2, Largest: 0.5},
		quantized.LayerComparison{Layer: "fc2", Elements: 1, Differing: 1, Beyond: 1})
	wrong := "quantized: integer engine and ONNX Runtime: 3 of 3,550 outputs differ, by up to 0.25; " +
		"it begins in layer fc: 2 of 9,000 elements, by up to 0.5"
	if err := p.Check(); err == nil || err.Error() != wrong {
		t.Error(err)
	}
	p.Comparisons[2].Layers = []quantized.LayerComparison{}
	if p.Check() == nil {
		t.Error("a difference that no layer has holds")
	}
	if (&quantized.Proof{}).Check() == nil {
		t.Error("a proof that compares nothing holds")
	}
}

func TestProofTable(t *testing.T) {
	var w bytes.Buffer
	if err := proof().WriteTable(&w); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cnn on digits, test split: 355 images, 3,550 outputs",
		"training = integer engine         3,550       0", "conv1    −31,000    40,000    17  float32"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("no %q in\n%s", want, w.String())
		}
	}
}

func TestProofFile(t *testing.T) {
	folder, p := t.TempDir(), proof()
	p.Comparisons[0].Add([]float32{1}, []float32{float32(math.NaN())})
	if err := p.Save(folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, quantized.ProofFile))
	if err != nil {
		t.Fatal(err)
	}
	var again quantized.Proof
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if again.String() != p.String() || again.Accumulators[0] != p.Accumulators[0] || again.Model[0] != p.Model[0] {
		t.Errorf("%+v was read as %+v", p, again)
	}
	if want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; p.Model[0].SHA256 != want {
		t.Errorf("SHA-256 of abc is %s", p.Model[0].SHA256)
	}
}

// A saved proof may be of another version, or of a machine with another
// runtime. Whatever else differs is named.
func TestSavedProof(t *testing.T) {
	made := func(change func(p *quantized.Proof)) *quantized.Proof {
		p := proof()
		p.Exports = []quantized.Export{{
			Digest:     quantized.DigestOf("model.onnx", []byte("file")),
			Comparison: &quantized.Comparison{A: "integer engine", B: "ONNX Runtime 1", Elements: 3550},
		}}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		change func(p *quantized.Proof)
		want   string
	}{
		"nothing":         {func(p *quantized.Proof) {}, ""},
		"version":         {func(p *quantized.Proof) { p.Version = "0" }, ""},
		"no runtime":      {func(p *quantized.Proof) { p.Exports[0].Comparison = nil }, ""},
		"another runtime": {func(p *quantized.Proof) { p.Exports[0].Comparison.B = "ONNX Runtime 2" }, ""},
		"no export":       {func(p *quantized.Proof) { p.Exports = nil }, ""},
		"model": {func(p *quantized.Proof) { p.Model[0].SHA256 = "ff" },
			`the proof says "model \"model.json\" 3 bytes sha256 ff", found is "model`},
		"data": {func(p *quantized.Proof) { p.Data.Samples = 9 }, `"data \"digits\" \"test\" 9 samples`},
		"elements": {func(p *quantized.Proof) { p.Comparisons[1].Elements = 9 },
			`9 elements 0 differ", found is`},
		"less": {func(p *quantized.Proof) { p.Comparisons = p.Comparisons[:1] }, "the proof says \"sums"},
		"more": {func(p *quantized.Proof) { p.Accumulators = append(p.Accumulators, p.Accumulators[0]) },
			"found is \"\""},
		"export": {func(p *quantized.Proof) { p.Exports[0].SHA256 = "ff" },
			"the proof is of model.onnx with SHA-256 ff"},
		"another export": {func(p *quantized.Proof) { p.Exports[0].Name = "x" }, "lists an export x"},
		"runtime": {func(p *quantized.Proof) { p.Exports[0].Comparison.Differing = 7 },
			"says that 7 of 3,550 outputs of ONNX Runtime 1 differ, found are 0 of 3,550"},
	} {
		err := made(func(*quantized.Proof) {}).CheckSaved(made(c.change))
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
