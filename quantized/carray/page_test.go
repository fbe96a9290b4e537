package carray

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/integer"
)

//go:generate go test -run ^(TestGolden|TestPage)$ -update .

// Update is whether tests write what they compare with.
var Update = flag.Bool("update", false, "write testdata and the table of docs/c.md")

// TestPage compares the sizes in docs/c.md with those of the built-in networks.
func TestPage(t *testing.T) {
	const page, begin, end = "../../docs/c.md", "<!-- sizes -->\n", "<!-- end of sizes -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks for its table", page)
	}
	switch got := head + begin + sizes(t) + end + tail; {
	case got == string(text):
	case *Update:
		if err := os.WriteFile(page, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the sizes in %s are not those of the networks: run with -update", page)
	}
}

// sizes is a table of the built-in networks with 8 and with 4 bits.
func sizes(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| network | input | multiply-accumulates | weights | constants | gemmlowp | 4 bits | arena |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, z := range []struct {
		name    string
		in      graph.Shape
		classes int
	}{
		{"mlp", graph.Shape{C: 1, H: 8, W: 8}, 10}, {"lenet5", graph.Shape{C: 1, H: 28, W: 28}, 10},
		{"cnn", graph.Shape{C: 1, H: 28, W: 28}, 10},
		{"ds-cnn", graph.Shape{C: 1, H: 49, W: 10}, 12}, {"resnet8", graph.Shape{C: 3, H: 32, W: 32}, 10},
		{"mobilenet-v1-0.25", graph.Shape{C: 3, H: 96, W: 96}, 2}, {"autoencoder", graph.Shape{C: 640, H: 1, W: 1}, 0},
	} {
		m := frozen(t, z.name, z.in, z.classes, fakequant.Int8())
		float, err := lower(m, Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		fixed, err := lower(m, Options{Name: "x", Requantization: integer.Gemmlowp})
		if err != nil {
			t.Fatal(err)
		}
		packed, err := lower(frozen(t, z.name, z.in, z.classes, fakequant.Bits(4)), Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", z.name, z.in.Size(), m.Size().MACs,
			float.count.weights, float.count.total(), fixed.count.total(), packed.count.total(), float.arena)
	}
	return b.String()
}

// frozen is a built-in network that has seen one image.
func frozen(t *testing.T, name string, in graph.Shape, classes int, s fakequant.Scheme) *quantized.Model {
	t.Helper()
	network, err := graph.Builtin(name, classes)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	m, err := graph.New(network, in, graph.Uniform(s), rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(1, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	x := make([]float32, in.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	if _, err := trainer.Step(x, []int32{0}); err != nil {
		t.Fatal(err)
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	f, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	return f
}
