package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/kernel"
)

// The published sizes. Keras counts a batch norm's trained and running values
// as parameters, which folding removes: MobileNet's 2,736 channels have three
// beyond the bias (Keras says 218,544 without the classifier's 514), the
// autoencoder's 1,032 have two trained ones (Keras says 267,928).
var zoo = []struct {
	name    string
	in      graph.Shape
	classes int
	params  int64 // weights and biases after folding
	macs    int64
}{
	{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10, 64*64 + 64 + 64*64 + 64 + 640 + 10, 64*64 + 64*64 + 640},
	{"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10, 61706, 416520},
	{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10, 16*10 + 32*145 + 128*1569 + 10*129,
		28*28*144 + 14*14*32*144 + 1568*128 + 1280},
	{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12, 22604, 2656768},
	{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10, 77706, 12501632},
	{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2, 218544 - 3*2736 + 514, 7489664},
	{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0, 267928 - 2*1032, 264192},
}

// larger networks, with the sizes of the models with which they are published: parameters
// as they are trained, with two of each channel of a batch norm. TC-ResNet8's paper counts
// 66 thousand parameters, and 3.0 million operations, two to a multiply-accumulate. The
// sizes of conv-autoencoder and unet-tiny, which are our own, were counted by hand.
var larger = []struct {
	name    string
	in      graph.Shape
	small   graph.Shape // what the test trains on; none: a network that differs in width alone does
	classes int
	params  int
	macs    int64
}{
	{"mobilenet-v2", images224, graph.Shape{}, 1000, 3504872, 300774272},
	{"mobilenet-v2-0.75", images224, graph.Shape{}, 1000, 2636424, 209069792},
	{"mobilenet-v2-0.5", images224, graph.Shape{}, 1000, 1968680, 97131840},
	{"mobilenet-v2-0.35", images224, graph.Shape{C: 3, H: 32, W: 32}, 1000, 1677128, 59285808},
	{"mobilenet-v3-small", images224, graph.Shape{C: 3, H: 32, W: 32}, 1000, 2542856, 56510400},
	{"squeezenet", images224, graph.Shape{C: 3, H: 31, W: 31}, 1000, 1235496, 349151936},
	{"shufflenet-v2-0.5", images224, graph.Shape{C: 3, H: 32, W: 32}, 1000, 1366792, 40476448},
	{"resnet20", graph.Shape{C: 3, H: 32, W: 32}, graph.Shape{C: 3, H: 16, W: 16}, 10, 269722, 40551040},
	{"conv-autoencoder", graph.Shape{C: 1, H: 28, W: 28}, graph.Shape{C: 1, H: 8, W: 12}, 0, 6993, 366912},
	{"unet-tiny", graph.Shape{C: 1, H: 28, W: 28}, graph.Shape{C: 1, H: 8, W: 12}, 0, 14401, 2872576},
	{"tc-resnet8", graph.Shape{C: 40, H: 1, W: 98}, graph.Shape{C: 40, H: 1, W: 25}, 12, 65164, 1522560},
}

var images224 = graph.Shape{C: 3, H: 224, W: 224}

func TestLargerZooHasThePublishedSizes(t *testing.T) {
	for _, z := range larger {
		t.Run(z.name, func(t *testing.T) {
			m, params := built(t, z.name, z.in, z.classes), 0
			for _, p := range m.Params() {
				params += len(p.Value)
			}
			if params != z.params || m.MACs() != z.macs {
				t.Errorf("%d parameters and %d multiply-accumulates, want %d and %d", params, m.MACs(), z.params, z.macs)
			}
			if z.small.C > 0 {
				trainsAndFreezes(t, built(t, z.name, z.small, 4), z.small)
			}
		})
	}
}

func TestZooHasThePublishedSizes(t *testing.T) {
	for _, z := range zoo {
		t.Run(z.name, func(t *testing.T) {
			m := built(t, z.name, z.in, z.classes)
			if m.Parameters() != z.params || m.MACs() != z.macs {
				t.Errorf("%d parameters and %d multiply-accumulates, want %d and %d", m.Parameters(), m.MACs(),
					z.params, z.macs)
			}
		})
	}
}

func built(t *testing.T, name string, in graph.Shape, classes int) *graph.Model {
	t.Helper()
	n, err := graph.Builtin(name, classes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := graph.New(n, in, graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestZooTrainsAndFreezes(t *testing.T) {
	for _, z := range zoo {
		t.Run(z.name, func(t *testing.T) {
			trainsAndFreezes(t, built(t, z.name, z.in, z.classes), z.in)
		})
	}
}

// trainsAndFreezes takes a step of training with a model, and freezes it.
func trainsAndFreezes(t *testing.T, m *graph.Model, in graph.Shape) {
	t.Helper()
	m.SetObservers(true)
	m.SetFakeQuant(true)
	rng := rand.New(rand.NewPCG(1, 1))
	x, l := images(rng, 2, in), make([]int32, 2)
	trainer, err := m.Trainer(2, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	if _, err := trainer.Step(x, l); err != nil {
		t.Fatal(err)
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if err := frozen.Validate(); err != nil {
		t.Error(err)
	}
}

// The networks of MLPerf Tiny learn with fake-quant on from the first step:
// the loss of a few images of their shape halves within a few steps of Adam.
// The images are one pattern to a class with noise; the autoencoder's vectors
// have as few dimensions as pass its waist of 8.
func TestZooLearns(t *testing.T) {
	for _, z := range zoo[3:] {
		for scheme, bits := range map[string]int{"W8A8": 8, "W4A4": 4} {
			t.Run(z.name+"/"+scheme, func(t *testing.T) {
				const batch, most = 4, 60
				network, err := graph.Builtin(z.name, z.classes)
				if err != nil {
					t.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(1, 2))
				m, err := graph.New(network, z.in, graph.Uniform(fakequant.Bits(bits)), rng)
				if err != nil {
					t.Fatal(err)
				}
				m.SetObservers(true)
				m.SetFakeQuant(true)
				trainer, err := m.Trainer(batch, true)
				if err != nil {
					t.Fatal(err)
				}
				defer trainer.Close()
				x, l := patterns(rng, batch, z.in)
				adam := optimizer{}
				first, last := 0.0, 0.0
				for step := 1; step <= most && (step < 4 || last > first/2); step++ {
					metrics, err := trainer.Step(x, l)
					if err != nil {
						t.Fatal(err)
					}
					if last = metrics.Loss; step == 1 {
						first = last
					}
					adam.step(m, step)
				}
				if !(last <= first/2) {
					t.Errorf("the loss went from %.3f to %.3f in %d steps", first, last, most)
				}
			})
		}
	}
}

// patterns are images of two classes: each a combination of four patterns,
// the same for all images of the class, with a tenth of noise.
func patterns(rng *rand.Rand, n int, s graph.Shape) (x []float32, l []int32) {
	basis := images(rng, 4, s)
	x, l = images(rng, n, s), make([]int32, n)
	for i := range l {
		l[i] = int32(i % 2)
		image := x[i*s.Size():][:s.Size()]
		for j := range image {
			k := 2 * int(l[i])
			image[j] = 0.1*image[j] + basis[k*s.Size()+j] + float32(i)/float32(n)*basis[(k+1)*s.Size()+j]
		}
	}
	return x, l
}

// optimizer is Adam with its moments by parameter.
type optimizer map[string][2][]float32

func (o optimizer) step(m *graph.Model, step int) {
	for _, p := range m.Params() {
		if _, known := o[p.Name]; !known {
			o[p.Name] = [2][]float32{make([]float32, len(p.Value)), make([]float32, len(p.Value))}
		}
		c1, c2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
		kernel.Adam(p.Value, o[p.Name][0], o[p.Name][1], p.Grad, kernel.AdamStep{LR: 3e-3, Beta1: 0.9, Beta2: 0.999,
			Eps: 1e-8, Correction1: float32(c1), Correction2: float32(c2)})
	}
}

func ExampleBuiltin() {
	fmt.Println(graph.BuiltinNames()[:4])
	_, err := graph.Builtin("resnet9", 10)
	text, _, _ := strings.Cut(err.Error(), " of ")
	fmt.Println(text)
	// Output:
	// [autoencoder cnn conv-autoencoder ds-cnn]
	// graph: network "resnet9": want one
}
