package integer_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

func TestNotANumberIsTheLeastInteger(t *testing.T) {
	_, m := network(quantizedtest.W8A8)
	e := engine(t, m, integer.Options{})
	x, least := make([]float32, e.InputSize()), make([]float32, e.InputSize())
	for i := range x {
		x[i], least[i] = float32(math.NaN()), float32(math.Inf(-1))
	}
	got, want := outputs(t, e, x), outputs(t, e, least)
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("element %d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestErrors(t *testing.T) {
	_, m := network(quantizedtest.W8A8)
	e := engine(t, m, integer.Options{})
	_, float := network(quantizedtest.WeightOnly)
	wide := *m
	wide.Nodes = append([]quantized.Node(nil), m.Nodes...)
	last := &wide.Nodes[len(wide.Nodes)-1]
	last.Output.Quant.Format.Bits = 16
	new := func(m *quantized.Model, o integer.Options) error { _, err := integer.New(m, o); return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"too few inputs": {e.Run(make([]float32, 6), make([]float32, 5), 1),
			"integer: 5 numbers in and 6 out for a batch of 1: want 432 and 6 each"},
		"negative batch": {e.Run(nil, nil, -1), "batch of -1"},
		"bytes of floats": {engine(t, float, integer.Options{}).RunBytes(make([]uint8, 6), make([]uint8, 432),
			1), "want both quantized"},
		"requantization": {new(m, integer.Options{Requantization: 9}),
			"integer: Requantization(9): want one of float32, gemmlowp, single, xnnpack"},
		"weights": {new(m, integer.Options{Weights: 9}),
			"integer: Weights(9): want one of load, just-in-time"},
		"16-bit activations": {new(&wide, integer.Options{}), "affine: 16 bits: want 2 to 8"},
		"invalid model":      {new(&quantized.Model{}, integer.Options{}), "integer: quantized: "},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, c.err, c.want)
		}
	}
}

func TestNamesAreParsed(t *testing.T) {
	for r := integer.Float32; r <= integer.XNNPACK; r++ {
		if got, err := integer.ParseRequantization(r.String()); got != r || err != nil {
			t.Errorf("%v: %v, %v", r, got, err)
		}
	}
	if _, err := integer.ParseRequantization("double"); err == nil {
		t.Error("double is parsed")
	}
}

// TestMemoryIsPlanned: tensors that do not live together share their place,
// and layers allocate nothing when they run.
func TestMemoryIsPlanned(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 64)
	x := b.Input()
	const layers = 20
	for range layers {
		x = b.Linear(x, 64, quantized.ReLU)
	}
	m := b.Model(x)
	e := engine(t, m, integer.Options{})
	if memory := e.Memory(); memory.Activations > 2*64*memory.Images {
		t.Errorf("%d bytes of activations for %d images, two tensors of 64 live at a time", memory.Activations,
			memory.Images)
	}
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	size := func(n int) float64 {
		in, out := hwc(b.Inputs(m, n), m.Input.Shape), make([]float32, n*e.OutputSize())
		return testing.AllocsPerRun(20, func() {
			if err := e.Run(out, in, n); err != nil {
				t.Fatal(err)
			}
		})
	}
	const runs = 64 // of the images that are computed together
	one, all := size(1), size(runs*e.Memory().Images)
	if all > one+2*runs { // the closures of input and output
		t.Errorf("%v allocations for %d images, %v for one", all, runs*e.Memory().Images, one)
	}
}

// TestNewFixed: a mantissa that rounds up to 1 is ½ of the next exponent.
func TestNewFixed(t *testing.T) {
	for m, want := range map[float64]integer.Fixed{
		0.75:        {Q: 3 << 29, Shift: 0},
		1:           {Q: 1 << 30, Shift: 1},
		1 - 0x1p-40: {Q: 1 << 30, Shift: 1},
		1 - 0x1p-31: {Q: 1<<31 - 1, Shift: 0},
		0x1p-40:     {},
		1e30:        {Q: 1<<31 - 1, Shift: 30},
	} {
		if got := integer.NewFixed(m); got != want {
			t.Errorf("%v is %+v, want %+v", m, got, want)
		}
	}
}
