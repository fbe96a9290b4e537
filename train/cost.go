package train

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"petrify/datasets"
	"petrify/graph"
)

const (
	tooCostly  = 0.02 // of the accuracy: a run says so
	costImages = 256  // at most, that show which layers it is
	costEffort = 2e10 // multiply-accumulates for that, which take seconds
	costLayers = 3    // that are named
)

// warnOfCost logs that quantization costs too much accuracy, and which layers cost
// most: after PTQ each quantized alone, and after QAT, whose weights know nothing but
// quantized layers, each left in float alone.
func (r *run) warnOfCost(ctx context.Context, p Phase) error {
	lost := r.Results[Float].Accuracy - r.Results[p].Accuracy
	if !(lost >= tooCostly) || !r.Log.Enabled(ctx, slog.LevelWarn) {
		return nil
	}
	costs, n, err := r.costs(ctx, p == PTQ)
	if err != nil {
		return err
	}
	var worst []string
	for _, c := range costs[:min(costLayers, len(costs))] {
		if c.Loss > 0 {
			worst = append(worst, fmt.Sprintf("%s %.1f", c.Layer, 100*float64(c.Correct)/float64(n)))
		}
	}
	how := map[bool]string{true: "quantized alone", false: "left in float alone"}[p == PTQ]
	which := fmt.Sprintf("no layer matters when it is %s", how)
	if worst != nil {
		which = fmt.Sprintf("the layers that matter most when they are %s, in points on %d images: %s", how, n,
			strings.Join(worst, ", "))
	}
	r.warning(graph.Warning{Text: fmt.Sprintf("%s is %.2f points less accurate than float; %s",
		strings.ToUpper(p.String()), 100*lost, which)})
	return nil
}

// costs adds up what each layer costs on the first images of the test split, the
// greatest first, and counts these images. Large networks see fewer.
func (r *run) costs(ctx context.Context, alone bool) (sum []graph.Cost, n int, err error) {
	each := (r.model.MACs() + 1) * int64(len(r.model.Domains())+1)
	images := min(costImages, max(8, int(costEffort/each)))
	batch := min(r.Batch, images)
	c, err := r.model.Costs(batch)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	o := r.minimises(Stage{})
	if r.Network.Loss == graph.Targeted {
		c.SetLoss(o.loss)
	}
	for b, err := range r.Data.Batches(first(r.Data.Test, images), datasets.BatchOptions{Size: batch}) {
		if err != nil || ctx.Err() != nil {
			return sum, max(n, 1), err
		}
		o.take(b)
		costs, err := c.Of(b.X, b.Labels, alone)
		if err != nil {
			return nil, 0, err
		}
		n += b.N
		for _, c := range costs {
			i := slices.IndexFunc(sum, func(s graph.Cost) bool { return s.Layer == c.Layer })
			if i < 0 {
				i, sum = len(sum), append(sum, graph.Cost{Layer: c.Layer})
			}
			sum[i].Loss += float64(c.Loss * float64(b.N))
			sum[i].Correct += c.Correct
		}
	}
	slices.SortStableFunc(sum, func(a, b graph.Cost) int { return cmp.Compare(b.Loss, a.Loss) })
	return sum, n, nil
}
