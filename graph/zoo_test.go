package graph_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// The published sizes. Keras counts a batch norm's trained and running values
// as parameters, which folding removes: MobileNet's 2,736 channels have three
// beyond the bias (Keras says 218,544 without the classifier's 514), the
// autoencoder's 1,032 have two trained ones (Keras says 267,928).
var zoo = []struct {
	name    string
	in      graph.Shape
	classes int
	params  int // weights and biases after folding
	macs    int64
}{
	{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10, 64*64 + 64 + 64*64 + 64 + 640 + 10, 64*64 + 64*64 + 640},
	{"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10, 61706, 416520},
	{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10, 16*10 + 32*145 + 128*1569 + 10*129, 28*28*144 + 14*14*32*144 + 1568*128 + 1280},
	{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12, 22604, 2656768},
	{"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10, 77706, 12501632},
	{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2, 218544 - 3*2736 + 514, 7489664},
	{"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0, 267928 - 2*1032, 264192},
}

func TestZooHasThePublishedSizes(t *testing.T) {
	for _, z := range zoo {
		t.Run(z.name, func(t *testing.T) {
			m := built(t, z.name, z.in, z.classes)
			params, weights := 0, 0
			for _, p := range m.Params() {
				switch p.Role {
				case graph.RoleWeight:
					weights += len(p.Value)
					params += len(p.Value)
				case graph.RoleBias, graph.RoleShift:
					params += len(p.Value)
				}
			}
			if params != z.params || m.MACs() != z.macs {
				t.Errorf("%d parameters and %d multiply-accumulates, want %d and %d", params, m.MACs(), z.params, z.macs)
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
			m := built(t, z.name, z.in, z.classes)
			m.SetObservers(true)
			m.SetFakeQuant(true)
			rng := rand.New(rand.NewPCG(1, 1))
			x, l := images(rng, 2, z.in), make([]int32, 2)
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
		})
	}
}

func ExampleBuiltin() {
	fmt.Println(graph.BuiltinNames())
	_, err := graph.Builtin("resnet9", 10)
	fmt.Println(err)
	// Output:
	// [autoencoder cnn ds-cnn lenet5 mlp mobilenet-v1-0.25 resnet8]
	// graph: network "resnet9": want one of [autoencoder cnn ds-cnn lenet5 mlp mobilenet-v1-0.25 resnet8]
}
