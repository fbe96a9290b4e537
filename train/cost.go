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
	tooCostly  = 0.02 // of a share or an area, or of an error's size: a run says so
	costImages = 256  // at most, that show which layers it is
	costEffort = 2e10 // multiply-accumulates for that, which take seconds
	costLayers = 3    // that are named
)

// cost is how much worse the results are for the quantization of a layer.
type cost struct {
	layer string
	loss  float64
	lost  float64 // of the headline, in its own unit
}

// warnOfCost logs that quantization costs too much of the task's headline metric, and which
// layers cost most: after PTQ each quantized alone, and after QAT, whose weights know
// nothing but quantized layers, each left in float alone.
func (r *run) warnOfCost(ctx context.Context, p Phase) error {
	of := r.Task.Headline()
	float, now := r.Results[Float], r.Results[p]
	if !(of.Loses(float, now) >= tooCostly) || !r.Log.Enabled(ctx, slog.LevelWarn) {
		return nil
	}
	costs, n, err := r.costs(ctx, p == PTQ)
	if err != nil {
		return err
	}
	var worst []string
	for _, c := range costs[:min(costLayers, len(costs))] {
		if c.loss > 0 {
			worst = append(worst, c.layer+" "+of.difference(c.lost))
		}
	}
	how := map[bool]string{true: "quantized alone", false: "left in float alone"}[p == PTQ]
	which := fmt.Sprintf("no layer matters when it is %s", how)
	if worst != nil {
		which = fmt.Sprintf("the layers that matter most when they are %s, in %s on %d images: %s", how, of.unit(), n,
			strings.Join(worst, ", "))
	}
	r.warning(graph.Warning{Text: fmt.Sprintf("%s %s float; %s", strings.ToUpper(p.String()), of.Below(float, now), which)})
	return nil
}

// Below says how much worse b is than a, such as "is 2.10 points less accurate than".
func (m Metric) Below(a, b Metrics) string {
	switch {
	case m.Key == accuracy.Key:
		return fmt.Sprintf("is %.2f points less accurate than", 100*m.Loses(a, b))
	case m.Share:
		return fmt.Sprintf("has an %s of %s, %.2f points less than", m.Name, m.Format(b), 100*m.Loses(a, b))
	case m.Lower:
		return fmt.Sprintf("has the %s %s, %.1f %% more than", m.Name, m.Format(b), 100*m.Loses(a, b))
	}
	return fmt.Sprintf("has the %s %s, %.4f less than", m.Name, m.Format(b), m.Loses(a, b))
}

// unit is what differences of the metric are in, and difference prints one.
func (m Metric) unit() string {
	switch {
	case m.Key == accuracy.Key:
		return "points"
	case m.Share:
		return "points of " + m.Name
	}
	return m.Name
}

func (m Metric) difference(v float64) string {
	if m.Share {
		return fmt.Sprintf("%.1f", 100*v)
	}
	return fmt.Sprintf("%.3g", v)
}

// costs measures what each layer costs on images drawn evenly from the test split, the
// greatest loss first, and counts these images. Large networks see fewer.
func (r *run) costs(ctx context.Context, alone bool) (costs []cost, n int, err error) {
	each := (r.model.MACs() + 1) * int64(len(r.model.Domains())+1)
	images := min(costImages, r.Data.Test.Len(), max(8, int(costEffort/each)))
	batch := min(r.Batch, images)
	c, err := r.model.Costs(batch)
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	var layers []string
	measured := map[string]*Measurer{}
	for b, err := range r.Data.Batches(evenly(r.Data.Test, images), datasets.BatchOptions{Size: batch}) {
		if err != nil || ctx.Err() != nil {
			return nil, 0, err
		}
		n += b.N
		err = c.Each(b.X, b.Labels, alone, func(layer string, _ graph.Metrics, y []float32) error {
			m := measured[layer]
			if m == nil {
				m = r.Measurer(r.model)
				layers, measured[layer] = append(layers, layer), m
			}
			return m.Add(b, y)
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return r.compared(layers, measured, alone), n, nil
}

// compared are the differences between the first layer's results, which are no layer's, and
// those of the others.
func (r *run) compared(layers []string, measured map[string]*Measurer, alone bool) (costs []cost) {
	of, all := r.Task.Headline(), measured[layers[0]].Metrics()
	for _, layer := range layers[1:] {
		good, bad := all, measured[layer].Metrics()
		if !alone {
			good, bad = bad, good
		}
		lost := of.Of(good) - of.Of(bad)
		if of.Lower {
			lost = -lost
		}
		costs = append(costs, cost{layer, bad.Loss - good.Loss, lost})
	}
	slices.SortStableFunc(costs, func(a, b cost) int { return cmp.Compare(b.loss, a.loss) })
	return costs
}
