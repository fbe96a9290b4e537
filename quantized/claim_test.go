package quantized_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// TestClaim: the digest covers what the proof says about the model, and nothing
// else.
func TestClaim(t *testing.T) {
	const want = `petrify proof 1
network "cnn"
model "model.json" 3 bytes sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
data "digits" "test" 355 samples sha256 
outputs 3550
compared "training" "integer engine" 3550 elements 0 differ
compared "integer engine" "re-read file" 3550 elements 0 differ
sums "conv1" -31000 to 40000
`
	if got := proof().Claim(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	digest := proof().Digest()
	for name, c := range map[string]struct {
		change func(p *quantized.Proof)
		same   bool
	}{
		"model":        {func(p *quantized.Proof) { p.Model[0].SHA256 = "b" + p.Model[0].SHA256[1:] + "0" }, false},
		"data":         {func(p *quantized.Proof) { p.Data.Samples++ }, false},
		"outputs":      {func(p *quantized.Proof) { p.Outputs++ }, false},
		"differing":    {func(p *quantized.Proof) { p.Comparisons[1].Differing = 1 }, false},
		"compared":     {func(p *quantized.Proof) { p.Comparisons = p.Comparisons[1:] }, false},
		"sums":         {func(p *quantized.Proof) { p.Accumulators[0].Max++ }, false},
		"version":      {func(p *quantized.Proof) { p.Version = "2" }, true},
		"magnitude":    {func(p *quantized.Proof) { p.Comparisons[0].Largest = 7 }, true},
		"exported too": {func(p *quantized.Proof) { p.Exports = append(p.Exports, ran(3)) }, true},
	} {
		p := proof()
		c.change(p)
		if same := p.Digest() == digest; same != c.same {
			t.Errorf("%s: another claim: %v", name, !same)
		}
	}
}

// ran is an exported file that a runtime ran, and the number of outputs that differed.
func ran(differing int) quantized.Export {
	return quantized.Export{
		Digest: quantized.DigestOf("model.onnx", []byte("abc")),
		Comparison: &quantized.Comparison{A: "integer engine", B: "ONNX Runtime", Elements: 3550,
			Differing: differing, Largest: float64(differing)},
	}
}

// TestExportsAreCompared: exports count for the proof's outcome, but not for
// the claim that the files themselves quote.
func TestExportsAreCompared(t *testing.T) {
	p := proof()
	p.Exports = []quantized.Export{{Digest: quantized.DigestOf("model.tflite", nil)}, ran(0)}
	if want := "355 images, 3,550 outputs: 0 differ (training = integer engine = re-read file = ONNX " +
		"Runtime)"; p.String() != want || p.Check() != nil {
		t.Errorf("%v, %v; want %s", p, p.Check(), want)
	}
	p.Exports[1] = ran(2)
	if err := p.Check(); err == nil || !strings.Contains(err.Error(),
		"integer engine and ONNX Runtime: 2 of 3,550 outputs differ") {
		t.Error(err)
	}
	facts := p.Facts()
	if want := "355 images, 3,550 outputs: 0 differ (training = integer engine = " +
		"re-read file)"; facts[quantized.ProofKey] != want || facts[quantized.ProofDigestKey] != p.Digest() {
		t.Errorf("%v, want %s", facts, want)
	}
}

func TestLoadProof(t *testing.T) {
	folder := t.TempDir()
	if _, err := quantized.LoadProof(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	p := proof()
	p.Exports = append(p.Exports, ran(0))
	if err := p.Save(folder); err != nil {
		t.Fatal(err)
	}
	again, err := quantized.LoadProof(folder)
	if err != nil || again.Digest() != p.Digest() || again.String() != p.String() || again.SHA256 != p.Digest() {
		t.Errorf("%+v was read as %+v, %v", p, again, err)
	}
	path := filepath.Join(folder, quantized.ProofFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"edited": {strings.Replace(string(text), `"samples": 355`, `"samples": 1000`, 1),
			"was edited, or written by another version: its sha256 is " + p.Digest()},
		"cut":   {string(text[:len(text)/2]), "unexpected end"},
		"empty": {"{}", "its sha256 is ,"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := quantized.LoadProof(folder); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// FuzzLoadProof: an accepted proof matches its digest.
func FuzzLoadProof(f *testing.F) {
	folder := f.TempDir()
	p := proof()
	p.Exports = append(p.Exports, ran(0))
	if err := p.Save(folder); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, quantized.ProofFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, quantized.ProofFile), text, 0o666); err != nil {
			t.Fatal(err)
		}
		p, err := quantized.LoadProof(folder)
		if err == nil && p.Digest() != p.SHA256 {
			t.Errorf("accepted, but its claim's sha256 is %s, not %s", p.Digest(), p.SHA256)
		}
	})
}

// TestFactsNameTheModel: a model's facts are its own, and no other model's.
func TestFactsNameTheModel(t *testing.T) {
	model := func(seed uint64) *quantized.Model {
		b := quantizedtest.New(rand.New(rand.NewPCG(seed, 1)), quantizedtest.W8A8, 4)
		return b.Model(b.Linear(b.Input(), 3, quantized.Identity))
	}
	m, other := model(1), model(2)
	facts, err := m.Facts()
	if err != nil {
		t.Fatal(err)
	}
	tensors, manifest, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for key, file := range map[string][]byte{quantized.TensorsKey: tensors, quantized.ManifestKey: manifest} {
		if want := quantized.DigestOf("", file).SHA256; facts[key] != want {
			t.Errorf("%s is %s, the file's is %s", key, facts[key], want)
		}
	}
	if err := m.CheckFacts(facts); err != nil {
		t.Error(err)
	}
	if err := other.CheckFacts(facts); err == nil || !strings.Contains(err.Error(),
		"was made of another model: model.safetensors.sha256 is "+facts[quantized.TensorsKey]) {
		t.Errorf("another model: %v", err)
	}
	if err := m.CheckFacts(nil); err == nil || !strings.Contains(err.Error(),
		"does not say which model it was made of: no model.json.sha256") {
		t.Errorf("no facts: %v", err)
	}
	digests, err := m.Digests()
	if err != nil {
		t.Fatal(err)
	}
	p := &quantized.Proof{Model: digests}
	if err := p.CheckModel(m); err != nil {
		t.Error(err)
	}
	if err := p.CheckModel(other); err == nil || !strings.Contains(err.Error(),
		"the proof is of another model: its model.safetensors has SHA-256 "+digests[0].SHA256) {
		t.Errorf("a proof of another model: %v", err)
	}
	if err := (&quantized.Proof{}).CheckModel(m); err == nil ||
		!strings.Contains(err.Error(), "does not say which model.safetensors it is of") {
		t.Errorf("a proof of no model: %v", err)
	}
}
