package graph

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// Repair says how [Model.Repair] makes a network whose ranges are known compute with
// integers what it did with real numbers. Package repair has the equations.
type Repair struct {
	BiasCorrection bool    // makes the mean error of each channel 0
	GPTQ           bool    // chooses the integers of weights together, instead of rounding each to nearest
	AdaRound       bool    // starts from those, and improves them
	BRECQ          bool    // does so, and then improves those of a block of layers together
	Iterations     int     // of the latter two
	Damping        float64 // of all three: a share of the moments' mean diagonal that is added to it
}

// Active reports whether there is something to repair.
func (o Repair) Active() bool { return o.BiasCorrection || o.chooses() }

func (o Repair) chooses() bool { return o.GPTQ || o.AdaRound || o.BRECQ }

// repairing is a pass over the units, from the input to the output, with two networks
// side by side: the quantized one, as far as it is repaired, and the float one as it
// was. Both have the same units.
type repairing struct {
	Repair
	images         int
	shipped, float *Model
	got, wanted    map[*unit][]float32 // outputs of the two, until nothing reads them any more
}

// Repair changes weights and biases for the given images, N H W C, normalised. The
// units are repaired from the input to the output, each for what it gets from those
// before it. Integers that are chosen are held by weights that lie on their grid; so
// they freeze as they are, and training can go on from there. Batch norm's statistics,
// ranges and scales stay. If it fails, it may leave the model partly changed.
//
// The units' outputs are computed as the frozen model's are. Of each, a float and a
// quantized one are kept until nothing reads them any more: [Model.RepairMemory].
func (m *Model) Repair(ctx context.Context, o Repair, x []float32) error {
	float, err := m.inFloat()
	if err != nil {
		return err
	}
	defer m.rest()()
	r, err := sideBySide(m, float, x)
	if err != nil {
		return err
	}
	r.Repair = o
	for _, b := range m.blocks() {
		if err := r.reconstruct(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// layers repairs and computes the units of a block, one after the other.
func (r *repairing) layers(ctx context.Context, b segment, how Repair) error {
	for i := b.from; i < b.to; i++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		u := r.shipped.units[i]
		err := r.weighted(u, r.float.units[i], how)
		if err == nil {
			err = r.compute(i)
		}
		if err != nil {
			return fmt.Errorf("graph: repair: layer %s: %w", u.name(), err)
		}
	}
	return nil
}

// inFloat is the network with the same weights and without quantizers.
func (m *Model) inFloat() (*Model, error) {
	float, err := New(m.network, m.in, Quantization{}, rand.New(rand.NewPCG(0, 0))) // which is overwritten
	if err != nil {
		return nil, err
	}
	return float, float.Restore(m.Tensors())
}

// sideBySide begins a pass.
func sideBySide(m, float *Model, x []float32) (*repairing, error) {
	images := len(x) / m.in.Size()
	input := m.activation(m.source)
	layer, err := integer.NewLayer(nil, []quantized.Activation{input}, integer.Options{})
	if err != nil {
		return nil, err
	}
	rounded := make([]float32, len(x))
	return &repairing{
		images: images, shipped: m, float: float,
		got: map[*unit][]float32{m.source: rounded}, wanted: map[*unit][]float32{float.source: x},
	}, layer.Run(rounded, [][]float32{x}, images)
}

// compute computes the outputs of a unit in both networks, and keeps them until the next
// at least.
func (r *repairing) compute(i int) error {
	u, was := r.shipped.units[i], r.float.units[i]
	got, err := r.run(r.shipped, u, r.got)
	if err != nil {
		return err
	}
	wanted, err := r.run(r.float, was, r.wanted)
	forget(r.got, r.shipped.units[i+1:])
	forget(r.wanted, r.float.units[i+1:])
	r.got[u], r.wanted[was] = got, wanted
	return err
}

// run computes a unit's output as the frozen model will.
func (r *repairing) run(m *Model, u *unit, of map[*unit][]float32) ([]float32, error) {
	if !u.layer.Kind.ships() {
		return of[u.inputs[0]], nil
	}
	var inputs []quantized.Activation
	var names []string
	var xs [][]float32
	for _, from := range u.inputs {
		a := m.activation(from)
		inputs, names, xs = append(inputs, a), append(names, a.Name), append(xs, of[from])
	}
	nodes, err := m.nodes(u, names)
	if err != nil {
		return nil, err
	}
	layer, err := integer.NewLayer(nodes, inputs, integer.Options{})
	if err != nil {
		return nil, err
	}
	y := make([]float32, r.images*u.out.Size())
	return y, layer.Run(y, xs, r.images)
}

// RepairMemory is the bytes of activations that [Model.Repair] holds for an image, at most.
func (m *Model) RepairMemory(o Repair) (most int) {
	held := map[*unit][]float32{m.source: nil}
	for _, b := range m.blocks() {
		ends := 0 // of a block that is computed several times
		if o.BRECQ {
			ends = m.part(b).source.out.Size() + m.units[b.to-1].out.Size()
		}
		for i := b.from; i < b.to; i++ {
			held[m.units[i]] = nil
			sum := ends
			for v := range held {
				sum += v.out.Size()
			}
			most = max(most, 2*4*sum)
			forget(held, m.units[i+1:])
		}
	}
	return most
}

// Chooses reports whether [Model.Repair] can choose the integers of any weights.
func (m *Model) Chooses() bool { return slices.ContainsFunc(m.units, (*unit).holds) }

// forget removes the outputs that none of the units reads.
func forget(outputs map[*unit][]float32, units []*unit) {
	read := map[*unit]bool{}
	for _, u := range units {
		for _, in := range u.inputs {
			read[in] = true
		}
	}
	for u := range outputs {
		if !read[u] {
			delete(outputs, u)
		}
	}
}
