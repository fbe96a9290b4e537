package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/quantized"
)

var (
	networks  = flag.Int("networks", 150, "how many random networks TestCampaign draws")
	only      = flag.Int("only", -1, "draw only this network of TestCampaign")
	inC       = flag.Int("in-c", math.MaxInt, "how many of them are compiled as C, too, which takes longest")
	ofSeed    = flag.Uint64("seed", today(), "seed of TestCampaign's networks; by default today's date")
	shrinking = flag.Bool("shrink", false, "shrink networks that differ, as far as they still do")
)

func today() uint64 {
	day, _ := strconv.ParseUint(time.Now().UTC().Format("20060102"), 10, 64)
	return day
}

// TestCampaign: networks of all kinds of layers, geometries, schemes, methods
// and numbers of bits, some layers left in float, are trained for a few steps,
// frozen and exported with random options. Every runtime that accepts the file
// gives the engine's elements or, if a layer sums floats, elements that its
// bound allows (package agree). Exporters refuse by name.
//
//	go test -run Campaign -v . -networks 5000 -seed 20260131
//	go test -run Campaign . -seed 20260131 -only 17 -shrink
func TestCampaign(t *testing.T) {
	var all []*drawing
	for n := range *networks {
		if *only < 0 || *only == n {
			all = append(all, draw(t, *ofSeed, n))
		}
	}
	hold(t, all, witnesses(t, all))
}

// hold lets witnesses try networks.
func hold(t *testing.T, all []*drawing, by []witness) {
	t.Helper()
	for _, w := range by {
		s := tally{refused: map[string]int{}}
		for _, d := range all[:min(len(all), w.most)] {
			f := w.try(d)
			if f.refused != "" && !slices.ContainsFunc(sanctioned,
				func(r string) bool { return strings.Contains(f.refused, r) }) {
				f.fault = "refused: " + f.refused
			}
			s.add(f)
			if f.fault != "" {
				t.Errorf("%s", story(w, d, f))
			}
		}
		t.Logf("%s: %v", w.name, s)
	}
}

// sanctioned are the reasons for which an exporter may refuse a network: what a format
// does not hold, and what its runtimes compute otherwise.
var sanctioned = []string{
	"ONNX Runtime's softmax rounds", "ONNX Runtime's softmax overflows",
	"ONNX Runtime's int… softmax makes",
	"from its zero point: TensorFlow Lite's are", "XNNPACK takes", "XNNPACK wants a range",
	"Core ML all or nothing", "runtimes disagree on where it rounds to", "no weights of a convolution give the means",
	"layer_norm has no form there",
	"prelu has no form there",
	"attention_scores has no form there", "attention_values has no form there",
}

// witness is a runtime with an exporter for it.
type witness struct {
	name string
	most int // networks that it tries
	try  func(d *drawing) finding
}

// finding is the outcome of a network in a runtime.
type finding struct {
	elements int    // that were compared
	differ   int    // of them, only float sums may
	refused  string // by the exporter, and why
	fault    string // "": none
}

// drawing is a network, its frozen model, and inputs.
type drawing struct {
	randnet.Case
	seed  uint64
	n     int
	model *quantized.Model
	x     []float32 // C H W

	learn func(*drawing) error // instead of some steps on noise; nil: none
	task  *learned             // what that was
}

// draw draws network n of a seed. Training for two steps may leave a bias too
// large for 32 bits on its grid, which Freeze refuses: then it draws again.
func draw(t *testing.T, seed uint64, n int) *drawing {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	for {
		d := &drawing{Case: randnet.Draw(rng, randnet.Options{Large: n%8 == 7}), seed: seed, n: n}
		err := d.train()
		if err == nil {
			return d
		}
		if !strings.Contains(err.Error(), "int32") {
			t.Fatalf("network %d of seed %d: %v\n%v", n, seed, err, d.Case)
		}
	}
}

// rng is a generator of the drawing's own numbers for a purpose.
func (d *drawing) rng(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(d.seed, uint64(d.n)<<8|purpose))
}

const inputs = 6 // that a network is tried on

// train trains the network for a few steps, freezes it, and draws inputs: of the
// training's distribution, all equal, and far beyond.
func (d *drawing) train() error {
	if d.learn != nil {
		return d.learn(d)
	}
	rng := d.rng(1)
	m, err := d.Model(rng)
	if err != nil {
		return err
	}
	randnet.Unsettle(m, rng, true)
	const batch = 4
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		return err
	}
	defer trainer.Close()
	for step := range 2 {
		m.Switch(func(string) graph.Switches { return graph.Switches{Observe: true, Quantize: step > 0} })
		if _, err := trainer.Step(normal(rng, batch*d.Input.Size()), make([]int32, batch)); err != nil {
			return err
		}
	}
	if err := m.Settle(); err != nil {
		return err
	}
	if d.model, err = m.Freeze(); err != nil {
		return err
	}
	d.x = normal(rng, inputs*d.Input.Size())
	for i := range d.Input.Size() {
		d.x[i], d.x[d.Input.Size()+i] = 0, d.x[d.Input.Size()+i]*100
	}
	return nil
}

// normal draws n standard normal numbers.
func normal(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// story describes a fault; with -shrink, in a smaller network.
func story(w witness, d *drawing, f finding) string {
	if !*shrinking {
		return fmt.Sprintf("%s, network %d: %s\n\tgo test -run Campaign . -seed %d -only %[2]d -shrink",
			w.name, d.n, f.fault, d.seed)
	}
	least := randnet.Shrink(d.Case, randnet.Case.Smaller, func(c randnet.Case) bool {
		smaller := &drawing{Case: c, seed: d.seed, n: d.n, learn: d.learn}
		return smaller.train() == nil && w.try(smaller).fault != ""
	})
	d = &drawing{Case: least, seed: d.seed, n: d.n, learn: d.learn}
	if err := d.train(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, network %d: %s\n%v", w.name, d.n, w.try(d).fault, d.Case)
}

// tally counts findings.
type tally struct {
	networks, elements, differ, faults int
	refused                            map[string]int // by reason
}

func (s *tally) add(f finding) {
	if f.refused != "" {
		s.refused[f.refused]++
	}
	if f.fault != "" {
		s.faults++
	}
	s.networks++
	s.elements += f.elements
	s.differ += f.differ
}

func (s tally) String() string {
	refused := 0
	var reasons strings.Builder
	for _, reason := range slices.SortedFunc(maps.Keys(s.refused), func(a, b string) int {
		return s.refused[b] - s.refused[a]
	}) {
		refused += s.refused[reason]
		fmt.Fprintf(&reasons, "\n\t%d refused: %s", s.refused[reason], reason)
	}
	return fmt.Sprintf("%d networks of %d, %d elements: %d networks are wrong; %d elements of float sums differ "+
		"within their bounds%s", s.networks-refused, s.networks, s.elements, s.faults, s.differ, reasons.String())
}
