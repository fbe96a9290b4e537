package integer_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// FuzzModel changes numbers of a model. If it is still valid, it must run
// without a panic, and give the same after it was written and read.
func FuzzModel(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, uint8(seed%6))
	}
	f.Fuzz(func(t *testing.T, seed uint64, changes uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		scheme := []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W8A8Affine, quantizedtest.W4A4,
			quantizedtest.WeightOnly}[seed%4]
		_, m := network(scheme)
		for range changes % 8 {
			change(m, rng)
		}
		if m.Validate() != nil || m.Size().MACs > 1<<24 {
			return
		}
		mode := integer.Requantization(seed / 4 % 4)
		e, err := integer.New(m, integer.Options{Requantization: mode})
		if err != nil || e.Memory().Activations > 1<<24 {
			return
		}
		x := noise(rng, 2*e.InputSize())
		y := outputs(t, e, x)
		tensors, manifest, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := quantized.Decode(tensors, manifest)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range outputs(t, engine(t, again, integer.Options{Requantization: mode}), x) {
			if v != y[i] && (v == v || y[i] == y[i]) {
				t.Fatalf("element %d: %v, and %v after reading the file", i, y[i], v)
			}
		}
	})
}

// change sets a number of the model to another.
func change(m *quantized.Model, rng *rand.Rand) {
	n := &m.Nodes[rng.IntN(len(m.Nodes))]
	number := func() int { return []int{-1, 0, 1, 2, 3, 7, 100, 1 << 14, 1 << 24}[rng.IntN(9)] }
	quant := func(q *quantized.Quant) {
		switch rng.IntN(4) {
		case 0:
			q.Scale = []float32{0, -1, 0x1p-126, 1e-30, 1, 1e30, 3e38}[rng.IntN(7)]
		case 1:
			q.Zero = int32(rng.IntN(300) - 150)
		case 2:
			q.Format = affine.Format{Bits: rng.IntN(18), Unsigned: rng.IntN(2) == 0}
		default:
			*q = quantized.Quant{}
		}
	}
	pair := func(p *[2]int) { p[rng.IntN(2)] = number() }
	switch rng.IntN(12) {
	case 0:
		quant(&m.Input.Quant)
	case 1:
		quant(&n.Output.Quant)
	case 2:
		m.Input.Shape = []int{3, number(), number()}
	case 3:
		n.Output.Shape = append([]int(nil), n.Output.Shape...)
		n.Output.Shape[rng.IntN(len(n.Output.Shape))] = number()
	case 4:
		pair(&n.Window.Kernel)
	case 5:
		pair(&n.Window.Stride)
	case 6:
		pair(&n.Window.PadBegin)
	case 7:
		pair(&n.Window.PadEnd)
	case 8:
		n.Op = quantized.Op(rng.IntN(11))
	case 9:
		n.Func = quantized.Func(rng.IntN(9))
	case 10:
		n.Inputs = []string{m.Nodes[rng.IntN(len(m.Nodes))].Name}
	case 11:
		if n.Bias != nil && n.Bias.Q != nil {
			n.Bias.Q[0] = int32(rng.Uint32())
		}
	}
}

// FuzzManifest edits model.json as people do, without its checksum: if it can
// be read, it runs.
func FuzzManifest(f *testing.F) {
	_, m := network(quantizedtest.W8A8)
	tensors, manifest, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(manifest)
	f.Add(append(bytes.Clone(manifest)[:bytes.LastIndex(manifest, []byte(",\n  \"checksum\""))], "\n}\n"...))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		m, err := quantized.Decode(tensors, manifest)
		if err != nil || m.Size().MACs > 1<<24 {
			return
		}
		e, err := integer.New(m, integer.Options{})
		if err != nil || e.Memory().Activations > 1<<24 {
			return
		}
		outputs(t, e, make([]float32, e.InputSize()))
	})
}

// FuzzEdits changes values of model.json, whatever their type: if it can be
// read, it runs, and is written as it was read.
func FuzzEdits(f *testing.F) {
	_, m := network(quantizedtest.W8A8)
	tensors, manifest, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	for seed := range uint64(300) {
		f.Add(seed, uint8(1+seed%3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, edits uint8) {
		rng := rand.New(rand.NewPCG(seed, 2))
		var tree map[string]any
		if err := json.Unmarshal(manifest, &tree); err != nil {
			t.Fatal(err)
		}
		delete(tree, "checksum")
		for range edits % 8 {
			edit(tree, rng)
		}
		edited, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		m, err := quantized.Decode(tensors, edited)
		if err != nil || m.Size().MACs > 1<<24 {
			return
		}
		if _, _, err := m.Encode(); err != nil {
			t.Fatalf("was read, but cannot be written: %v", err)
		}
		e, err := integer.New(m, integer.Options{})
		if err != nil || e.Memory().Activations > 1<<24 {
			return
		}
		outputs(t, e, make([]float32, e.InputSize()))
	})
}

// edit changes, removes or doubles one value somewhere in a JSON tree.
func edit(tree any, rng *rand.Rand) any {
	switch v := tree.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 || rng.IntN(20) == 0 {
			break
		}
		key := keys[rng.IntN(len(keys))]
		if rng.IntN(20) == 0 {
			delete(v, key)
		} else {
			v[key] = edit(v[key], rng)
		}
		return v
	case []any:
		if len(v) == 0 || rng.IntN(20) == 0 {
			break
		}
		i := rng.IntN(len(v))
		switch rng.IntN(10) {
		case 0:
			return slices.Delete(v, i, i+1)
		case 1:
			return append(v, v[i])
		}
		v[i] = edit(v[i], rng)
		return v
	case float64:
		if rng.IntN(2) == 0 {
			return v + float64(rng.IntN(5)-2)
		}
	}
	return []any{nil, true, -1, 0, 1, 2, 0.5, 1e-40, 1e30, 1e300, int64(1 << 40), "", "relu", "input", "linear",
		[]any{}, []any{1, 2, 3}, map[string]any{}}[rng.IntN(18)]
}
