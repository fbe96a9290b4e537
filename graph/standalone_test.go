package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
)

// standing are networks in which batch norms are units of their own: on the input, after
// a convolution that another layer takes too, after a sum, and on vectors.
var standing = map[string]graph.Network{
	"pre-activation": graph.Chain(
		graph.BatchNorm().Named("in"), graph.Conv2D(4, 3).Same().Named("stem"),
		graph.BatchNorm().Named("early"), graph.ReLU(), graph.Conv2D(4, 3).Same().Named("conv"),
		graph.Add("stem", "conv").Named("sum"), graph.BatchNorm().Named("late"), graph.ReLU6(),
		graph.GlobalAvgPool(), graph.Flatten(), graph.Linear(4).Named("last")),
	"vectors": graph.Chain(
		graph.Flatten(), graph.BatchNorm().Named("in"), graph.Linear(6), graph.ReLU(),
		graph.BatchNorm().Named("late"), graph.ReLU(), graph.Linear(4), graph.Tanh(), graph.BatchNorm().Named("out")),
}

// stepped is the network after some steps of training with plain gradient
// descent.
// picture is an image that layers of all kinds fit.
var picture = graph.Shape{C: 3, H: 6, W: 5}

func stepped(t *testing.T, network graph.Network, in graph.Shape, q graph.Quantization) *graph.Model {
	t.Helper()
	m, err := graph.New(network, in, q, rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	steps(t, m, 6, 1)
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	return m
}

// In evaluation a batch norm is y = γ·(x − μ)/√(σ² + ε) + β, in float64 here.
func TestBatchNormAloneIsItsEquation(t *testing.T) {
	for name, in := range map[string]graph.Shape{"images": {C: 3, H: 4, W: 5}, "vectors": {C: 7, H: 1, W: 1}} {
		t.Run(name, func(t *testing.T) {
			const batch = 5
			m := modelOf(t, in, graph.BatchNorm().Named("bn"))
			rng := rand.New(rand.NewPCG(1, 2))
			state := map[string][]float32{}
			for _, s := range m.State() {
				state[s.Name] = s.F32
				for i := range s.F32 {
					s.F32[i] = float32(rng.NormFloat64())
				}
			}
			variance := state["bn.running_var"]
			for i, v := range variance {
				variance[i] = v*v + 0.1
			}
			x := images(rng, batch, in)
			y := outputs(t, m, x, batch)
			for i, got := range y {
				n, c, p := i/in.Size(), i/(in.H*in.W)%in.C, i%(in.H*in.W) // y is N C H W, x N H W C
				r := float64(x[n*in.Size()+p*in.C+c])
				want := float64(state["bn.weight"][c])*(r-float64(state["bn.running_mean"][c]))/
					math.Sqrt(float64(variance[c])+1e-5) + float64(state["bn.bias"][c])
				if math.Abs(float64(got)-want) > 1e-5*max(1, math.Abs(want)) {
					t.Fatalf("output %d is %v, want %v", i, got, want)
				}
			}
		})
	}
}

// The weights of a batch norm alone are γ/σ without an error, whatever the
// scheme makes of other weights: a training step that quantizes nothing else
// has the loss and the gradients of one in float.
func TestQuantizingBatchNormAloneCostsNothing(t *testing.T) {
	learned := fakequant.FewBits(2).Weights
	clipping := fakequant.Bits(3).Weights
	clipping.Observer = observers.Config{Kind: observers.Percentile, Percentile: 60}
	for name, weights := range map[string]fakequant.Config{
		"8 bits": fakequant.Int8().Weights, "2 bits": fakequant.Bits(2).Weights, "blocks": blocks(4),
		"learned": learned, "clipping": clipping,
	} {
		for _, folding := range []graph.Folding{graph.FoldRunning, graph.FoldBatch} {
			for network := range standing {
				t.Run(fmt.Sprintf("%s/%v/%s", name, folding, network), func(t *testing.T) {
					kinds := map[graph.Kind]*fakequant.Scheme{graph.KindBatchNorm: {Weights: weights}}
					q := graph.Quantization{Kinds: kinds, Folding: folding}
					float, norms := stepped(t, standing[network], picture, graph.Quantization{}),
						stepped(t, standing[network], picture, q)
					for i, p := range float.Params() {
						if norms.Params()[i].Name != p.Name {
							t.Fatalf("parameter %d is %s, in float it is %s", i, norms.Params()[i].Name, p.Name)
						}
						closeTo(t, p.Name, norms.Params()[i].Value, p.Value)
						if p.Role != graph.RoleBias { // before a batch norm that is 0, apart from rounding
							closeTo(t, "gradient of "+p.Name, norms.Params()[i].Grad, p.Grad)
						}
					}
				})
			}
		}
	}
}

// Scales of batch norms alone follow γ even if observers are off: nothing
// clips.
func TestBatchNormAloneIsNeverClipped(t *testing.T) {
	for network := range standing {
		t.Run(network, func(t *testing.T) {
			m := stepped(t, standing[network], picture, graph.Uniform(fakequant.Int8()))
			m.SetObservers(false)
			m.FreezeBatchNorm(true)
			for i := range param(m, "late.weight") {
				param(m, "late.weight")[i] *= 1.5
			}
			steps(t, m, 2, 2)
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			frozen, err := m.Freeze()
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, n := range frozen.Nodes {
				name := strings.TrimSuffix(n.Name, ".norm")
				gamma := param(m, name+".weight")
				if n.Weights == nil || param(m, name+".bias") == nil || n.Groups != len(gamma) {
					continue
				}
				seen++
				for c, q := range n.Weights.Q {
					if q != 127 && q != -127 {
						t.Errorf("%s: weight of channel %d is %d, want ±127", n.Name, c, q)
					}
					got, want := float64(n.Weights.Scale[c])*float64(q),
						float64(gamma[c])/math.Sqrt(float64(running(m, name)[c])+1e-5)
					if math.Abs(got-want) > 2e-7*math.Abs(want) {
						t.Errorf("%s: channel %d is scaled by %v, want %v", n.Name, c, got, want)
					}
				}
			}
			if seen != 3 {
				t.Errorf("%d batch norms in the frozen model, want 3", seen)
			}
		})
	}
}

// A channel whose γ is zero is dead, and ships its β.
func TestDeadChannelOfBatchNormAlone(t *testing.T) {
	for network := range standing {
		t.Run(network, func(t *testing.T) {
			m := stepped(t, standing[network], picture, graph.Uniform(fakequant.Int8()))
			param(m, "late.weight")[1], param(m, "late.bias")[1] = 0, 0.7
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Freeze(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBatchNormAloneContinuesToTheBit(t *testing.T) {
	for network := range standing {
		t.Run(network, func(t *testing.T) {
			q := graph.Uniform(fakequant.Int8())
			a := stepped(t, standing[network], picture, q)
			b, err := graph.New(standing[network], a.Input(), q, rand.New(rand.NewPCG(77, 77)))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Restore(a.State()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(steps(t, a, 3, 5), steps(t, b, 3, 5)) {
				t.Error("the restored model trains to other parameters")
			}
		})
	}
}

// The one weight of a channel is the end of its grid: it cannot oscillate, and
// must not be frozen.
func TestBatchNormAloneIsNotWatched(t *testing.T) {
	m := stepped(t, standing["vectors"], picture, graph.Uniform(fakequant.Int8()))
	if err := m.Watch(0); err != nil {
		t.Fatal(err)
	}
	var watched []string
	for _, o := range m.Oscillating() {
		watched = append(watched, o.Tensor)
	}
	if want := []string{"linear_1.weight", "linear_2.weight"}; !slices.Equal(watched, want) {
		t.Errorf("watched are %v, want %v", watched, want)
	}
}

// A range of one weight is far from zero, and no integer but one is wanted.
func TestHealthOfOneWeight(t *testing.T) {
	in := graph.Shape{C: 1, H: 6, W: 5}
	m, err := graph.New(graph.Chain(graph.BatchNorm(), graph.Flatten(), graph.Linear(4)), in,
		graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(3, 4)))
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	steps(t, m, 3, 1)
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := m.Health(); len(got) > 0 {
		t.Errorf("a healthy model warns: %v", got)
	}
}

// running is the running variance of a batch norm.
func running(m *graph.Model, name string) []float32 {
	for _, s := range m.State() {
		if s.Name == name+".running_var" {
			return s.F32
		}
	}
	return nil
}

// The type rule of batch norms is for those that are units of their own; where one is
// folded, its convolution's rule holds.
func TestRulesOfBatchNormAlone(t *testing.T) {
	int8, bits4 := fakequant.Int8(), fakequant.Bits(4)
	power := fakequant.Int8()
	power.Weights.Scheme = affine.PowerOfTwo
	for _, tt := range []struct {
		name string
		q    graph.Quantization
		want string // of late.weight
	}{
		{"everything in 4 bits", graph.Uniform(bits4), "int8_narrow symmetric per_channel"},
		{"groups", graph.Uniform(fakequant.Scheme{Weights: blocks(4)}), "int8_narrow symmetric per_channel"},
		{"powers of two", graph.Uniform(power), "int8_narrow power_of_two per_channel"},
		{"a type alone", graph.Quantization{Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindBatchNorm: &int8}},
			"int8_narrow symmetric per_channel"},
		{"its type stays float", graph.Quantization{Default: &int8,
			Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindBatchNorm: nil}}, ""},
		{"its name stays float", graph.Quantization{Default: &int8, Names: []graph.NameRule{{Pattern: "late"}}}, ""},
		{"convolutions stay float", graph.Quantization{Default: &int8,
			Kinds: map[graph.Kind]*fakequant.Scheme{graph.KindConv2D: nil}}, "int8_narrow symmetric per_channel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := graph.New(standing["pre-activation"], graph.Shape{C: 3, H: 6, W: 5}, tt.q,
				rand.New(rand.NewPCG(1, 1)))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, p := range m.Placements() {
				if p.Tensor == "late.weight" {
					got = fmt.Sprintln(p.Config.Format, p.Config.Scheme, p.Config.Granularity)
				}
			}
			if strings.TrimSpace(got) != tt.want {
				t.Errorf("late.weight is %q, want %q", got, tt.want)
			}
		})
	}
}

// The edges are layers with weights that are trained.
func TestBatchNormAloneIsNoEdge(t *testing.T) {
	scheme := fakequant.Bits(4)
	m, err := graph.New(standing["vectors"], graph.Shape{C: 3, H: 6, W: 5},
		graph.Quantization{Default: &scheme, EdgeBits: 8}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	bits := map[string]int{}
	for _, p := range m.Placements() {
		bits[p.Tensor] = p.Config.Format.Bits
	}
	for tensor, want := range map[string]int{"linear_1.weight": 8, "linear_2.weight": 8, "linear_1": 4, "late": 8} {
		if bits[tensor] != want {
			t.Errorf("%s has %d bits, want %d", tensor, bits[tensor], want)
		}
	}
}

// The weights of one are not parameters: a state is PyTorch's, and holds
// nothing more.
func TestBatchNormAloneHasPyTorchsParameters(t *testing.T) {
	m := modelOf(t, graph.Shape{C: 3, H: 2, W: 2}, graph.BatchNorm().Named("bn"), graph.ReLU())
	var names []string
	for _, p := range m.Params() {
		names = append(names, fmt.Sprint(p.Name, p.Shape))
	}
	for _, s := range m.State() {
		names = append(names, s.Name)
	}
	const want = "bn.weight[3] bn.bias[3] bn.weight bn.bias bn.running_mean bn.running_var bn.frozen"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("parameters and state are %s\nwant %s", got, want)
	}
}

func ExampleBatchNorm() {
	network := graph.Chain( // a block of a pre-activation network
		graph.Conv2D(8, 3).Same().Named("stem"),
		graph.BatchNorm().Named("bn1"), graph.ReLU(), graph.Conv2D(8, 3).Same().Named("conv1"),
		graph.BatchNorm().Named("bn2"), graph.ReLU(), graph.Conv2D(8, 3).Same().Named("conv2"),
		graph.Add("stem", "conv2").Named("sum"))
	m, err := graph.New(network, graph.Shape{C: 3, H: 8, W: 8}, graph.Uniform(fakequant.Int8()),
		rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range m.Placements() {
		fmt.Println(p.Tensor, p.Config.Format)
	}
	// Output:
	// input int8
	// stem.weight int8_narrow
	// stem int8
	// bn1.weight int8_narrow
	// bn1 uint8
	// conv1.weight int8_narrow
	// conv1 uint8
	// conv2.weight int8_narrow
	// conv2 int8
	// sum int8
}
