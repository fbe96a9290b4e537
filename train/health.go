package train

import (
	"context"
	"slices"
	"strings"

	"petrify/datasets"
	"petrify/graph"
)

// warn logs what is wrong with the quantizers that will be frozen.
func (r *run) warn(ctx context.Context) error {
	r.release()
	clipped, err := r.clipped(ctx)
	if err != nil {
		return err
	}
	for _, w := range append(r.model.Health(), clipped...) {
		r.warning(w)
	}
	if r.QAT.Epochs == 0 {
		return nil
	}
	r.warnOfMoving()
	return r.warnOfCost(ctx, QAT)
}

// warnOfMoving logs that batch norm has normalised by the batch to the end: what it
// ships is an average that the weights never met.
func (r *run) warnOfMoving() {
	var moving []string
	for _, d := range r.agenda.domains {
		if d.BatchNorm && r.agenda.of[d.Layer].FreezeBatchNorm.Steps(r.agenda.perEpoch) >= r.agenda.total {
			moving = append(moving, d.Layer)
		}
	}
	if len(moving) > 0 && r.Reestimate == 0 {
		r.warning(graph.Warning{Text: "batch norm has not come to rest before the end in " + strings.Join(moving, ", ") +
			": the weights have not learned with the statistics that ship; leave its milestone out"})
	}
}

// probes is the number of batches over which clipping is counted; they only
// have to show whether a tenth of an activation's elements is clipped.
const probes = 8

// mostProbed is how many images of a batch are looked at together, where it has such parts: layers
// that are not fused take more memory than in a step.
const mostProbed = 32

// clipped counts what the quantizers clip in some training images, in a graph
// of its own that does not affect training. A run that is interrupted here is
// already trained, and ends with what has been counted so far.
func (r *run) clipped(ctx context.Context) ([]graph.Warning, error) {
	part := r.Batch
	for part > mostProbed && part%2 == 0 {
		part /= 2
	}
	p, err := r.model.Probe(part)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if len(p.Clipping()) == 0 { // no activation is quantized
		return nil, nil
	}
	order := r.order(0)
	order.Balanced, order.Augment = false, datasets.Augment{}
	batches := 0
	for b, err := range r.Data.Batches(r.split, order) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil || batches == min(probes, r.perEpoch()) {
			break
		}
		for x := range slices.Chunk(b.X, len(b.X)/r.Batch*part) {
			if err := p.Run(x); err != nil {
				return nil, err
			}
		}
		batches++
	}
	return p.Health(), nil
}
