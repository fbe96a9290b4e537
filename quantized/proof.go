package quantized

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"petrify/internal/atomicfile"
)

// ProofFile is the name that [Proof.Save] gives its file.
const ProofFile = "proof.json"

// Proof records what several ways to compute one frozen model gave for the same
// inputs, element by element, and the bounds of its sums.
type Proof struct {
	SHA256      string       `json:"sha256"` // of the claim; Write sets it, see [Proof.Digest]
	Network     string       `json:"network"`
	Version     string       `json:"version"` // of the program that made the proof
	Model       []Digest     `json:"model"`   // the model's files
	Data        ProofData    `json:"data"`
	Outputs     int          `json:"outputs"` // elements that each way computed
	Comparisons []Comparison `json:"comparisons"`
	Exports     []Export     `json:"exports,omitempty"`

	// Accumulators bound the int32 sums of each layer, none of which overflows.
	Accumulators []Accumulator `json:"accumulators"`
}

// Digest identifies a file.
type Digest struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// DigestOf is the digest of a file's contents.
func DigestOf(name string, contents []byte) Digest {
	sum := sha256.Sum256(contents)
	return Digest{name, len(contents), hex.EncodeToString(sum[:])}
}

// Export is a file made from the model for other runtimes.
type Export struct {
	Digest

	// Comparison is with a runtime that ran the file; nil if none did.
	Comparison *Comparison `json:"comparison,omitempty"`
}

// ProofData says what the inputs were.
type ProofData struct {
	Name    string `json:"name"`
	Split   string `json:"split"`
	Samples int    `json:"samples"`
	SHA256  string `json:"sha256"` // of the whole data set
}

// Comparison compares the outputs of two ways to compute a model.
type Comparison struct {
	A string `json:"a"`
	B string `json:"b"`
	// whose activations were compared, of all layers; 0: the outputs of all samples
	Samples   int     `json:"samples,omitempty"`
	Elements  int     `json:"elements"`
	Differing int     `json:"differing"` // elements that are not equal
	Largest   float64 `json:"largest"`   // the largest difference

	// Layers are those in which B differs, each computed from B's own inputs,
	// for the images whose outputs differ.
	Layers []LayerComparison `json:"layers,omitempty"`
}

// LayerComparison counts the differences in one layer.
type LayerComparison struct {
	Layer     string  `json:"layer"`
	Elements  int     `json:"elements"`
	Differing int     `json:"differing"`
	Largest   float64 `json:"largest"`

	// Near elements may differ, because another order of float sums may round
	// them differently. Beyond differ by more, or where nothing may differ:
	// they are wrong.
	Near   int `json:"near"`
	Beyond int `json:"beyond"`
}

// Add compares further outputs, a of A with b of B. Missing outputs count as
// differing.
func (c *Comparison) Add(a, b []float32) {
	short := min(len(a), len(b))
	missing := max(len(a), len(b)) - short
	c.Elements += short + missing
	c.Differing += missing
	if missing > 0 {
		c.Largest = math.MaxFloat64
	}
	for i, v := range a[:short] {
		if v == b[i] || v != v && b[i] != b[i] {
			continue
		}
		c.Differing++
		c.Largest = max(c.Largest, magnitude(float64(v)-float64(b[i])))
	}
}

// magnitude is |v|; infinities and NaN become the greatest number, which JSON
// can represent.
func magnitude(v float64) float64 {
	if v = math.Abs(v); v <= math.MaxFloat64 {
		return v
	}
	return math.MaxFloat64
}

// Holds reports whether the outputs agree: in every element or, for float sums,
// in every layer to within what another order explains.
func (c Comparison) Holds() bool {
	return c.Elements > 0 && (c.Differing == 0 || len(c.Layers) > 0 && c.first() == nil)
}

// first is the first layer that is wrong, nil if none is.
func (c Comparison) first() *LayerComparison {
	for i := range c.Layers {
		if c.Layers[i].Beyond > 0 {
			return &c.Layers[i]
		}
	}
	return nil
}

// Err is nil if the comparison holds; otherwise it says what differs and where
// that begins.
func (c Comparison) Err() error {
	if c.Holds() {
		return nil
	}
	begins := ""
	if l := c.first(); l != nil {
		begins = fmt.Sprintf("; it begins in layer %s: %s of %s elements, by up to %.3g",
			l.Layer, digits(int64(l.Beyond)), digits(int64(l.Elements)), l.Largest)
	}
	return fmt.Errorf("quantized: %s and %s: %s of %s outputs differ, by up to %.3g%s",
		c.A, c.B, digits(int64(c.Differing)), digits(int64(c.Elements)), c.Largest, begins)
}

// all returns the comparisons, those of exported files last.
func (p *Proof) all() []Comparison {
	all := slices.Clone(p.Comparisons)
	for _, e := range p.Exports {
		if e.Comparison != nil {
			all = append(all, *e.Comparison)
		}
	}
	return all
}

// Check returns an error that names every comparison that does not hold.
func (p *Proof) Check() error {
	var faults []error
	for _, c := range p.all() {
		faults = append(faults, c.Err())
	}
	if len(p.Comparisons) == 0 {
		faults = append(faults, errors.New("quantized: a proof that compares nothing"))
	}
	return errors.Join(faults...)
}

// Write writes the proof as JSON, with its digest.
func (p *Proof) Write(w io.Writer) error {
	sealed := *p
	sealed.SHA256 = p.Digest()
	text, err := json.MarshalIndent(sealed, "", "  ")
	if err != nil {
		return fmt.Errorf("quantized: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Save writes proof.json to a folder.
func (p *Proof) Save(folder string) error {
	return atomicfile.Write(filepath.Join(folder, ProofFile), p.Write)
}
