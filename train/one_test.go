package train

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/golden"
	"petrify/internal/kernel"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

// oneResults are short runs, by name: networks of the zoo, and a small one with
// quantizations that are drawn at random from all methods, observers and dialects.
func oneResults(t *testing.T) map[string]Config {
	all := map[string]Config{}
	for i, name := range []string{"cnn", "resnet8", "ds-cnn"} {
		if sample.Skips(i, 3) {
			continue
		}
		network, err := graph.Builtin(name, 10)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = Config{Network: network, Data: digits(t, 64, 16), Quantization: graph.Uniform(fakequant.Int8())}
	}
	for seed := range sample.Of(uint64(40), 8) {
		c := small(t)
		c.Data = digits(t, 64, 16)
		c.Quantization = randnet.Quantization(rand.New(rand.NewPCG(seed, 3)), c.Network, c.input())
		all[fmt.Sprint("small ", seed)] = c
	}
	return all
}

// The same seed, configuration and version give the same bytes on every processor
// and every path of the kernels: those of which testdata has the sums.
func TestOneResult(t *testing.T) {
	contents := map[string][]byte{}
	for name, c := range oneResults(t) {
		c.Out, c.Seed, c.Batch = t.TempDir(), 5, 16
		c.Float, c.QAT = Stage{Epochs: 1, LearningRate: 0.01}, Stage{Epochs: 1}
		result := mustRun(t, c)
		tensors, manifest, err := result.Model.Encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		float, err := os.ReadFile(filepath.Join(c.Out, "float.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		contents[name] = append(append(float, tensors...), manifest...)
	}
	golden.Sums(t, "testdata/runs.sha256", contents)
}

// Networks of all kinds of layers, drawn at random as their quantizations are, too.
func TestOneResultOfRandomNetworks(t *testing.T) {
	contents := map[string][]byte{}
	for seed := range sample.Of(uint64(60), 6) {
		rng := rand.New(rand.NewPCG(seed, 4))
		c := randnet.Draw(rng, randnet.Options{Layers: 8})
		m, err := graph.New(c.Network, c.Input, c.Quantization, rng)
		if err != nil {
			t.Fatal(err)
		}
		m.SetObservers(true)
		m.SetFakeQuant(true)
		contents[fmt.Sprint("network ", seed)] = descend(t, m, rng)
	}
	golden.Sums(t, "testdata/networks.sha256", contents)
}

// descend takes three steps down the gradient, and returns the model's state.
func descend(t *testing.T, m *graph.Model, rng *rand.Rand) (bits []byte) {
	const batch = 6
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	x, labels := make([]float32, batch*m.Input().Size()), make([]int32, batch)
	for range 3 {
		for i := range x {
			x[i] = float32(4*rng.Float32()) - 2
		}
		for i := range labels {
			labels[i] = rng.Int32N(int32(m.Classes()))
		}
		if _, err := trainer.Step(x, labels); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= float32(0.05 * g)
			}
		}
	}
	for _, s := range m.State() {
		for _, v := range s.F32 {
			bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
		}
	}
	return bits
}

// TestOneResultOnEveryPath does the same in processes of their own, which begin
// with the path and the number of threads that the environment names.
func TestOneResultOnEveryPath(t *testing.T) {
	others := slices.DeleteFunc(kernel.Paths(), func(path string) bool { return path == kernel.Path() })
	for _, path := range others[:sample.Of(len(others), 4)] {
		t.Run(path, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestOneResult(|OfRandomNetworks)$",
				fmt.Sprintf("-test.short=%v", testing.Short()))
			cmd.Env = append(os.Environ(), kernel.Variable+"="+path, "GOMAXPROCS=3")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
