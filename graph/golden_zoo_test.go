package graph_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/safetensors"
)

// fill is the formula of testdata/golden_zoo.py for parameters and inputs:
// splitmix64 of seed·2³² + i, as a number in [−1, 1).
func fill(x []float32, seed int32) {
	for i := range x {
		z := uint64(seed)<<32 + uint64(i)
		z = (z + 1) * 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		x[i] = float32(z>>40)/(1<<23) - 1
	}
}

// spread is fill between two bounds.
func spread(x []float32, seed int32, low, high float64) {
	fill(x, seed)
	mid, half := float32((high+low)/2), float32((high-low)/2)
	for i, v := range x {
		x[i] = float32(v*half) + mid
	}
}

// openZoo reads the golden file of a built-in network.
func openZoo(t *testing.T, name string) golden {
	t.Helper()
	f, err := os.Open("testdata/golden_" + name + ".safetensors.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := safetensors.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return golden{t, tensors}
}

// seed is that of a layer's parameters.
func (g golden) seed(layer string) int32 {
	tensor, ok := g.Tensor("seed/" + layer)
	if !ok {
		return 8
	}
	v, err := safetensors.Values[int32](tensor)
	if err != nil {
		g.t.Fatal(err)
	}
	return 8 * v[0]
}

// fillModel gives the model the parameters and running statistics that the
// script computes too. A batch norm's come from the seed of its convolution.
func (g golden) fillModel(m *graph.Model) {
	convolution := ""
	for _, s := range m.State() {
		layer, part, _ := strings.Cut(s.Name, ".")
		switch {
		case s.F32 == nil:
		case part == "weight" && len(s.Shape) > 1:
			convolution = layer
			fan := 1
			for _, n := range s.Shape[1:] {
				fan *= n
			}
			spread(s.F32, g.seed(layer), -1/math.Sqrt(float64(fan)), 1/math.Sqrt(float64(fan)))
		case part == "weight":
			spread(s.F32, g.seed(convolution)+1, 0.5, 1.5)
		case part == "bias" && layer == convolution:
			spread(s.F32, g.seed(layer)+1, -0.5, 0.5)
		case part == "bias":
			spread(s.F32, g.seed(convolution)+2, -0.5, 0.5)
		case part == "running_mean":
			spread(s.F32, g.seed(convolution)+3, -0.5, 0.5)
		case part == "running_var":
			spread(s.F32, g.seed(convolution)+4, 0.25, 1.25)
		}
	}
}

// gradient is PyTorch's for a parameter: as stored, or the product of the
// factors that are, dw[o,f] = Σₙ dy[n,o]·x[n,f].
func (g golden) gradient(name string, batch, size int) []float32 {
	if _, whole := g.Tensor(name); whole {
		return g.floats(name)
	}
	dy, x := g.floats(name+"/dy"), g.floats(name+"/x")
	outputs, features := len(dy)/batch, len(x)/batch
	if outputs*features != size {
		g.t.Fatalf("golden %s: %d×%d, want %d elements", name, outputs, features, size)
	}
	dw := make([]float32, 0, size)
	for o := range outputs {
		for f := range features {
			sum := 0.0
			for n := range batch {
				sum += float64(dy[n*outputs+o]) * float64(x[n*features+f])
			}
			dw = append(dw, float32(sum))
		}
	}
	return dw
}

// Loss and every gradient of built-in networks are PyTorch's, tensor by
// tensor, in float and with W8A8 fake-quant.
func TestZooGradientsAreThoseOfPyTorch(t *testing.T) {
	for _, z := range []struct {
		name  string
		in    graph.Shape
		batch int
	}{
		{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 4},
		{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 2},
	} {
		g := openZoo(t, z.name)
		for _, mode := range []string{"float", "qat"} {
			t.Run(fmt.Sprintf("%s/%s", z.name, mode), func(t *testing.T) {
				network, err := graph.Builtin(z.name, 10)
				if err != nil {
					t.Fatal(err)
				}
				m, err := graph.New(network, z.in, graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(1, 1)))
				if err != nil {
					t.Fatal(err)
				}
				g.fillModel(m)
				m.SetObservers(true)
				m.SetFakeQuant(true)
				trainer, err := m.Trainer(z.batch, mode == "qat")
				if err != nil {
					t.Fatal(err)
				}
				defer trainer.Close()
				planes := make([]float32, z.batch*z.in.Size())
				fill(planes, 7)
				labels := make([]int32, z.batch)
				for i := range labels {
					labels[i] = int32(i * 3 % 10)
				}
				metrics, err := trainer.Step(channelsLast(planes, z.in), labels)
				if err != nil {
					t.Fatal(err)
				}
				closeTo(t, "loss", []float32{float32(metrics.Loss)}, g.floats(mode+"/loss"))
				for _, p := range m.Params() {
					closeTo(t, "gradient of "+p.Name, p.Grad, g.gradient(mode+"/"+p.Name, z.batch, len(p.Grad)))
				}
			})
		}
	}
}

// channelsLast turns N C H W into N H W C.
func channelsLast(x []float32, s graph.Shape) []float32 {
	y := make([]float32, len(x))
	plane := s.H * s.W
	for i, v := range x {
		image, c, at := i/s.Size(), i/plane%s.C, i%plane
		y[image*s.Size()+at*s.C+c] = v
	}
	return y
}
