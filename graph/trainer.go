package graph

import (
	"cmp"
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/internal/node"
)

// Trainer computes loss and gradients of batches of a fixed size. It shares
// the parameters and quantizers of its [Model]; two trainers of one model must
// not run at the same time.
type Trainer struct {
	*pass
	fakes []*fakequant.Quantizer // whose fake-quant nodes are in the graph
	grads []paramNode            // the nodes of the gradients
	masks map[*unit][]float32
}

// Trainer builds the graph of a training step, in float32 or with fake-quant
// nodes.
func (m *Model) Trainer(batch int, quantized bool) (*Trainer, error) {
	return newTrainer(newBuilder(m, batch, quantized))
}

func newTrainer(b *builder) (*Trainer, error) {
	p, loss, err := b.pass()
	if err != nil {
		return nil, err
	}
	t := &Trainer{pass: p, masks: b.masks}
	var params gorgonia.Nodes
	for _, p := range b.params {
		params = append(params, p.node)
	}
	if err := p.holdUntil(loss); err != nil {
		return nil, err
	}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	for i, p := range b.params {
		t.grads = append(t.grads, paramNode{p.param, grads[i]})
	}
	if b.quantized {
		t.fakes = p.model.quantizers()
	}
	return t, t.compile(b, grads...)
}

// holdUntil keeps what the layers compute until the loss is known, so that the first that is not
// finite can be named. The gradients need most of it anyway.
func (p *pass) holdUntil(loss *gorgonia.Node) error {
	for _, u := range p.model.units {
		if err := node.Hold(loss, p.values(u)...); err != nil {
			return err
		}
	}
	return nil
}

// Step runs forward and backward over one batch: x is N H W C, normalised;
// labels has one class per sample, −1 for samples that only fill the batch.
// Afterwards Grad of each [Param] is the gradient of the mean loss, and
// observers that are on have seen the batch. An error that wraps [ErrNotFinite]
// names the first layer with numbers that are not finite.
func (t *Trainer) Step(x []float32, labels []int32) (Metrics, error) {
	if t.model.network.Loss == Targeted && t.loss.custom == nil {
		return Metrics{}, errors.New("graph: the network learns from targets: want a loss from SetLoss")
	}
	if err := t.load(x, labels); err != nil {
		return Metrics{}, err
	}
	t.model.capture()
	for _, q := range t.fakes {
		q.Begin()
	}
	m, err := t.run()
	if err != nil {
		return m, err
	}
	for _, g := range t.grads {
		g.param.Grad = floats(g.node)
		if n := nonFinite(g.param.Grad); n > 0 && err == nil {
			err = cmp.Or(t.diagnose(), fmt.Errorf("graph: %d gradients of parameter %s are %w", n, g.param.Name,
				ErrNotFinite))
		}
	}
	return m, err
}

// Masks returns the factors of each dropout's elements in the last step, 0 or
// 1/(1 − rate), by the layers' names. The next step overwrites them.
func (t *Trainer) Masks() map[string][]float32 {
	masks := map[string][]float32{}
	for u, m := range t.masks {
		masks[u.name()] = m
	}
	return masks
}
