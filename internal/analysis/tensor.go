package analysis

import (
	"errors"

	"petrify/graph"
	"petrify/internal/kernel"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/train"
)

// tensor is what is found out about one.
type tensor struct {
	graph.Placement
	float       *quantized.Weights // nil: activations
	activations []quantized.Activation
	extent      extent
	grids       map[int]quantized.Quant // by bits; of activations
	sights      map[int]*sight          // by bits, of the tensor alone
	along       map[int]*noise          // in the network with as many bits everywhere
	branches    map[int]branch          // by bits; 0 is float32
	losses      map[int]*train.Measurer // of the branches
}

// tensor prepares a tensor: it looks at weights, and branches off.
func (s *Study) tensor(p graph.Placement) (*tensor, error) {
	t := &tensor{
		Placement: p, grids: map[int]quantized.Quant{}, sights: map[int]*sight{}, along: map[int]*noise{},
		branches: map[int]branch{}, losses: map[int]*train.Measurer{},
	}
	for _, bits := range append(Bits(), 0) {
		if bits != Bits()[0] {
			m, err := s.base().Mix(map[string]*graph.Model{p.Tensor: s.models[bits]})
			if err != nil {
				return nil, err
			}
			t.branches[bits], t.losses[bits] = newBranch(s.trunk(), m), s.measurer()
		}
		if bits != 0 {
			t.sights[bits], t.along[bits] = &sight{}, &noise{}
		}
	}
	if p.Weights {
		t.weigh(s)
		return t, nil
	}
	for _, name := range append([]string{p.Tensor}, p.Shared...) {
		if a, ok := s.float.acts[name]; ok { // dropouts have none
			t.activations = append(t.activations, a)
		}
	}
	for _, bits := range Bits() {
		t.grids[bits] = s.uniform[bits].acts[t.activations[0].Name].Quant
	}
	return t, nil
}

// weigh looks at weights.
func (t *tensor) weigh(s *Study) {
	name := t.Tensor[:len(t.Tensor)-len(".weight")]
	t.float = weightsOf(s.float.model, name)
	t.extent.add(t.float.Float)
	for _, bits := range Bits() {
		t.sights[bits].weigh(t.float.Float, weightsOf(s.uniform[bits].model, name))
	}
}

// weightsOf are those of the layer, whose node may be in a frame of others.
func weightsOf(m *quantized.Model, layer string) *quantized.Weights {
	for _, n := range m.Nodes {
		if n.Weights != nil && (n.Name == layer || n.Name == layer+".norm") {
			return n.Weights
		}
	}
	return nil
}

// observe looks at the activations of n images in the float network.
func (t *tensor) observe(float map[string][]float32, n int) error {
	for _, a := range t.activations {
		x := float[a.Name]
		y := make([]float32, len(x))
		t.extent.add(x)
		for bits, grid := range t.grids {
			a.Quant = grid
			round, err := integer.NewLayer(nil, []quantized.Activation{a}, integer.Options{})
			if err != nil {
				return err
			}
			if err := round.Run(y, [][]float32{x}, n); err != nil {
				return err
			}
			t.sights[bits].look(x, y, grid)
		}
	}
	return nil
}

// compare looks at the activations of a network with as many bits everywhere.
func (t *tensor) compare(bits int, float, rounded map[string][]float32) {
	for _, a := range t.activations {
		t.along[bits].add(float[a.Name], rounded[a.Name])
	}
}

// each does something for all tensors, on all processors.
func (s *Study) each(f func(t *tensor) error) error {
	faults := make([]error, len(s.tensors))
	kernel.Parallel(len(s.tensors), func(i int) { faults[i] = f(s.tensors[i]) })
	return errors.Join(faults...)
}

// result sums up, given what was measured by bits.
func (t *tensor) result(measures map[int]Measure) Tensor {
	r := Tensor{Tensor: t.Tensor, Kind: Activations, Layer: t.Layer, Shared: t.Shared,
		Range:       [2]float64{float64(t.extent.least), float64(t.extent.greatest)},
		Percentiles: map[string]float64{}, Float: measures[0]}
	if t.Weights {
		r.Kind, r.Elements = Weights, t.float.Len()
	}
	for _, a := range t.activations {
		r.Elements += size(a.Shape)
	}
	for name, share := range percentiles {
		r.Percentiles[name] = t.extent.at(share)
	}
	for _, bits := range Bits() {
		seen, m := t.sights[bits], measures[bits]
		a := AtBits{Bits: bits, LossIncrease: m.Loss - r.Float.Loss, SQNR: seen.sqnr(),
			Cumulative: t.along[bits].sqnr(), Levels: len(seen.occur),
			Clipped: float64(seen.clipped) / float64(seen.count)}
		a.ErrorIncrease, a.MetricIncrease = Increase(m, r.Float)
		r.Bits = append(r.Bits, a)
	}
	return r
}

// planar is images H W C as C H W.
func planar(y []float32, shape []int) []float32 {
	if len(shape) == 1 {
		return y
	}
	channels, pixels := shape[0], shape[1]*shape[2]
	z := make([]float32, len(y))
	for i, r := range y {
		image, at := i/(channels*pixels), i%(channels*pixels)
		z[image*channels*pixels+at%channels*pixels+at/channels] = r
	}
	return z
}
