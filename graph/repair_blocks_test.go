package graph

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
)

// Branches end a block with the unit that joins them; elsewhere two layers with weights do,
// of which a depthwise convolution is the first.
func TestBlocks(t *testing.T) {
	for name, want := range map[string]string{
		"mlp":    "flatten fc1 fc2 | fc3",
		"lenet5": "conv1 pool1 conv2 | pool2 flatten fc1 fc2 | fc3",
		"cnn":    "conv1 pool1 conv2 | pool2 flatten fc1 fc2",
		"ds-cnn": "conv | dw1 pw1 | dw2 pw2 | dw3 pw3 | dw4 pw4 | pool flatten fc",
		"resnet8": "conv1 | stack1_conv1 stack1_conv2 stack1_add | " +
			"stack2_conv1 stack2_conv2 stack2_shortcut stack2_add | " +
			"stack3_conv1 stack3_conv2 stack3_shortcut stack3_add | pool flatten fc",
	} {
		n, err := Builtin(name, 10)
		if err != nil {
			t.Fatal(err)
		}
		m := fresh(t, n, Shape{C: 1, H: 49, W: 40})
		if got := blockNames(m); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	functions := Chain(Conv2D(4, 3).Named("a"), Tanh().Named("f"), Conv2D(4, 3).Named("b"), SiLU().Named("g"),
		Conv2D(4, 1).Named("c"), Add("c", "g").Named("sum"), GELU().Named("h"), Conv2D(4, 1).Named("d"))
	if got, want := blockNames(fresh(t, functions, Shape{C: 1, H: 9, W: 9})), "a f b g | c sum h | d"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Whatever the network, its blocks are all of its units in their order, and nothing but the
// last of a block is read after it.
func TestBlocksOfTheZoo(t *testing.T) {
	for _, name := range BuiltinNames() {
		n, err := Builtin(name, 10)
		if err != nil {
			t.Fatal(err)
		}
		in := Shape{C: 1, H: 96, W: 96}
		switch name {
		case "autoencoder":
			in = Shape{C: 640, H: 1, W: 1}
		case "tc-resnet8":
			in = Shape{C: 40, H: 1, W: 98}
		}
		m, next := fresh(t, n, in), 0
		for _, b := range m.blocks() {
			if b.from != next || b.to <= b.from {
				t.Fatalf("%s: a block from %d to %d after %d", name, b.from, b.to, next)
			}
			next = b.to
			for _, u := range m.units[b.to:] {
				for _, in := range u.inputs {
					if at := slices.Index(m.units, in); at < b.to-1 {
						t.Errorf("%s: %s reads into the block before %s", name, u.name(), m.units[b.to].name())
					}
				}
			}
		}
		if next != len(m.units) {
			t.Errorf("%s: the blocks end with unit %d of %d", name, next, len(m.units))
		}
	}
}

func fresh(t *testing.T, n Network, in Shape) *Model {
	t.Helper()
	m, err := New(n, in, Quantization{}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func blockNames(m *Model) string {
	var all []string
	for _, b := range m.blocks() {
		var names []string
		for _, u := range m.units[b.from:b.to] {
			names = append(names, u.name())
		}
		all = append(all, strings.Join(names, " "))
	}
	return strings.Join(all, " | ")
}

// blocky are networks with blocks of many forms.
func blocky() map[string]Network {
	return map[string]Network{
		"residual": Chain(Conv2D(6, 3).Same().Named("stem"), BatchNorm(), ReLU().Named("in"),
			Conv2D(6, 3).Same(), BatchNorm(), ReLU(), Conv2D(6, 3).Same().Named("deep"),
			Add("deep", "in"), ReLU(), GlobalAvgPool(), Flatten(), Linear(4)),
		"with a shortcut": Chain(Conv2D(5, 3), ReLU().Named("in"),
			Conv2D(8, 3).Same().Strided(2), BatchNorm(), Dropout(0.5), Conv2D(8, 3).Same().Named("deep"),
			BatchNorm().Named("n"), Conv2D(8, 1).Strided(2).Taking("in").Named("short"), Add("n", "short"),
			Flatten(), Linear(4)),
		"separable": Chain(Conv2D(4, 3), BatchNorm(), ReLU(), DepthwiseConv2D(3).Same(), BatchNorm(), ReLU6(),
			Conv2D(8, 1), BatchNorm(), ReLU(), Flatten(), Linear(4)),
		"chain": Chain(Conv2D(4, 3), SiLU(), MaxPool(2), Conv2D(6, 3).Grouped(2), Tanh(), Flatten(), Linear(9), ReLU(),
			Linear(4)),
		"transposed": Chain(Conv2D(4, 3).Strided(2), ReLU(), ConvTranspose2D(3, 2, 2), ReLU(), Flatten(), Linear(4)),
		"linear":     Chain(Flatten(), Linear(12), ReLU(), Linear(8), ReLU(), Linear(4)),
	}
}

// Of each block, the output's error is not above what it is if the layers are repaired one
// by one, or rounded to nearest, after the same blocks. In a residual block it is far below,
// because the layers know what the sum adds, and what its ReLU cuts off.
func TestBRECQIsNeverWorse(t *testing.T) {
	for name, n := range blocky() {
		if testing.Short() && name != "residual" && name != "chain" {
			continue
		}
		for bits, o := range map[int]Repair{2: {}, 4: {GPTQ: true, BiasCorrection: true}} {
			o.BRECQ, o.Iterations, o.Damping = true, 150, 0.1
			s := fakequant.Bits(8)
			s.Weights = fakequant.Bits(bits).Weights
			m, x := ranged(t, n, Shape{C: 2, H: 9, W: 8}, s)
			r, searched := begun(t, m, x, o), 0
			for _, b := range m.blocks() {
				nearest, layers, got := r.errors(t, b)
				if len(m.part(b).held()) < 2 {
					continue
				}
				searched++
				if !(got <= min(nearest, layers)) || nearest == 0 {
					t.Errorf("%s, %d bits: error %v, by layer %v, nearest %v", name, bits, got, layers, nearest)
				}
				if name == "residual" && !(got < 0.85*layers) {
					t.Errorf("%s, %d bits: error %v, by layer %v", name, bits, got, layers)
				}
			}
			if searched == 0 {
				t.Errorf("%s: no block has several layers with weights", name)
			}
		}
	}
}

// errors are those of a block that is rounded to nearest, repaired layer by layer, and as a
// whole, which is how it remains.
func (r *repairing) errors(t *testing.T, b segment) (nearest, layers, whole float64) {
	t.Helper()
	byLayer, part := r.Repair, r.shipped.part(b)
	byLayer.BRECQ, byLayer.AdaRound = false, true
	first, err := r.try(t.Context(), b, part, Repair{BiasCorrection: r.BiasCorrection})
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.try(t.Context(), b, part, byLayer)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.reconstruct(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return first.error, second.error, r.error(b)
}

// begun begins a pass over a network, whose quantizers rest until the test ends.
func begun(t *testing.T, m *Model, x []float32, o Repair) *repairing {
	t.Helper()
	float, err := m.inFloat()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.rest())
	r, err := sideBySide(m, float, x)
	if err != nil {
		t.Fatal(err)
	}
	r.Repair = o
	return r
}

// Where only one layer of each block has weights to choose, BRECQ is AdaRound.
func TestBRECQOfSingleLayersIsAdaRound(t *testing.T) {
	for name, n := range map[string]Network{
		"one layer": Chain(Flatten(), Linear(4)),
		"each before a depthwise convolution": Chain(Conv2D(4, 3), ReLU(), DepthwiseConv2D(3), Tanh(), GlobalAvgPool(),
			Flatten()),
		"one in a branch": Chain(Conv2D(4, 3).Named("a"), ReLU().Named("b"), Conv2D(4, 1).Named("c"), Add("c", "b"),
			Flatten()),
	} {
		t.Run(name, func(t *testing.T) {
			var states [][]State
			for _, o := range []Repair{{AdaRound: true}, {BRECQ: true}} {
				m, x := ranged(t, n, Shape{C: 2, H: 7, W: 7}, fakequant.Bits(3))
				o.BiasCorrection, o.Iterations, o.Damping = true, 50, 0.1
				if err := m.Repair(t.Context(), o, x); err != nil {
					t.Fatal(err)
				}
				states = append(states, cloneState(m.State()))
			}
			if !reflect.DeepEqual(states[0], states[1]) {
				t.Error("the two differ")
			}
		})
	}
}

// The gradient of a block's error is its slope, for each of the weights. Activations are
// real numbers here; rounded ones pass it straight through.
func TestGradientOfABlock(t *testing.T) {
	s := fakequant.Bits(4)
	s.Activations = fakequant.Config{}
	for name, n := range blocky() {
		t.Run(name, func(t *testing.T) {
			m, x := ranged(t, n, Shape{C: 2, H: 9, W: 8}, s)
			r := begun(t, m, x, Repair{BRECQ: true})
			for _, b := range m.blocks() {
				part := m.part(b)
				if len(part.held()) > 1 {
					r.compareSlopes(t, b, part)
				}
				if err := r.layers(t.Context(), b, Repair{}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// compareSlopes compares gradients with differences of errors, where the weights are others
// than the float network's.
func (r *repairing) compareSlopes(t *testing.T, b segment, part *Model) {
	t.Helper()
	nearest, err := r.try(t.Context(), b, part, Repair{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.descent(b, part, nearest.wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	d.write()
	for _, s := range d.soft {
		for k := range s.weight.Value {
			s.weight.Value[k] *= 1 + 0.2*float32(k%5-2)
		}
	}
	images := d.images(0)
	if _, err := d.gradient(images); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.soft {
		s.weight.Grad = slices.Clone(s.weight.Grad)
		greatest := 0.0
		for k := range s.weight.Value {
			greatest = max(greatest, math.Abs(s.slope(k)))
		}
		grad := s.weight.Grad
		for k := 0; k < len(s.weight.Value); k += 1 + len(s.weight.Value)/7 {
			s.weight.Grad = grad
			want, f, step := s.slope(k), s.factor(k/s.Cols), 0.02*float32(s.Grid.Scale[0])
			at := func(move float32) float64 {
				was := s.weight.Value[k]
				defer func() { s.weight.Value[k] = was }()
				s.weight.Value[k] += move / f
				loss, err := d.gradient(images)
				if err != nil {
					t.Fatal(err)
				}
				return loss
			}
			got := (at(step) - at(-step)) / (2 * float64(step))
			if math.Abs(got-want) > 0.02*greatest {
				t.Errorf("%s, weight %d: gradient %v, slope %v", s.name(), k, want, got)
			}
		}
	}
}

// A descent that is interrupted ends with the reason, and one that is repeated with the same
// weights.
func TestBRECQIsInterruptedAndRepeats(t *testing.T) {
	n := blocky()["residual"]
	o := Repair{BRECQ: true, Iterations: 30, Damping: 0.1}
	var states [][]State
	for range 2 {
		m, x := ranged(t, n, Shape{C: 2, H: 9, W: 8}, fakequant.Bits(2))
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		cancel(enough)
		before := cloneState(m.State())
		if err := m.Repair(ctx, o, x); !errors.Is(err, enough) {
			t.Fatalf("%v, want that it is interrupted", err)
		}
		if err := m.Restore(before); err != nil {
			t.Fatal(err)
		}
		if err := m.Repair(t.Context(), o, x); err != nil {
			t.Fatal(err)
		}
		for _, u := range m.units {
			if u.weights != nil && !u.weights.Enabled() {
				t.Errorf("%s does not round any more", u.name())
			}
			if u.layer.Kind == KindDropout && u.layer.Rate == 0 {
				t.Errorf("%s does not drop any more", u.name())
			}
		}
		states = append(states, cloneState(m.State()))
	}
	if !reflect.DeepEqual(states[0], states[1]) {
		t.Error("two repairs of the same network differ")
	}
}
