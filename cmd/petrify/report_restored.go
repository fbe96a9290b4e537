package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"html/template"
	"image"
	"image/png"
	"slices"

	"petrify/datasets"
	"petrify/internal/report"
	"petrify/train"
)

// pageRestored is how many restored inputs a page shows: half of them at equal distances,
// half those for which quantization costs most.
const pageRestored = 12

// restore judges a network whose outputs are to be its inputs, on the test split of its
// run's data.
func (c *command) restore(ctx context.Context, folder string) (_ *report.Restoration, err error) {
	shipped, err := openPredictor(folder, false)
	if err != nil {
		return nil, err
	}
	set, err := c.openOwn(ctx, shipped)
	switch {
	case err != nil:
		return nil, err
	case set == nil:
		return nil, errors.New("its data have changed")
	case shipped.outputs != set.Shape[0]*set.Shape[1]*set.Shape[2]:
		return nil, errors.New("its outputs are not of the size of its inputs")
	}
	float, err := openPredictor(folder, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, float.close()) }()
	r := &report.Restoration{}
	if r.Float, _, err = float.restored(ctx, set, set.Test); err != nil {
		return nil, err
	}
	if r.Shipped, _, err = shipped.restored(ctx, set, set.Test); err != nil {
		return nil, err
	}
	chosen := tellingly(r.Float, r.Shipped)
	marked := make([]bool, set.Test.Len())
	for _, i := range chosen {
		marked[i] = true
	}
	_, few := set.Test.Cut(marked)
	_, floats, err := float.restored(ctx, set, few)
	if err != nil {
		return nil, err
	}
	_, integers, err := shipped.restored(ctx, set, few)
	if err != nil {
		return nil, err
	}
	for at, i := range chosen {
		s := report.Restored{Sample: set.Sample(set.Test, i), FloatError: r.Float[i], ShippedError: r.Shipped[i]}
		for _, p := range []struct {
			to *template.URL
			of func() (image.Image, bool)
		}{
			{&s.Input, func() (image.Image, bool) { return set.Picture(set.Test, i) }},
			{&s.Float, func() (image.Image, bool) { return set.PictureOf(set.Test, i, floats[at]) }},
			{&s.Shipped, func() (image.Image, bool) { return set.PictureOf(set.Test, i, integers[at]) }},
		} {
			m, ok := p.of()
			if !ok { // a row of a table: its errors say enough
				return r, nil
			}
			if *p.to, err = pictureURL(m); err != nil {
				return nil, err
			}
		}
		r.Shown = append(r.Shown, s)
	}
	return r, nil
}

// restored computes the mean squared error of each input of a split, and the outputs, C H W.
func (p *predictor) restored(ctx context.Context, set *datasets.Set, split *datasets.Split) (losses []float64,
	outputs [][]float32, err error) {
	keep := split.Len() <= pageRestored
	err = p.each(set, split, func(_ int, y []float32, b datasets.Batch) error {
		for i := range b.N {
			in, out := b.X[i*p.outputs:(i+1)*p.outputs], y[i*p.outputs:(i+1)*p.outputs]
			losses = append(losses, train.ReconstructionError(out, in, set.Shape[0]))
			if keep {
				outputs = append(outputs, slices.Clone(out))
			}
		}
		return context.Cause(ctx)
	})
	return losses, outputs, err
}

// tellingly chooses samples to show, in their order.
func tellingly(float, shipped []float64) []int {
	n := len(float)
	var chosen []int
	for i := range min(n, pageRestored/2) {
		chosen = append(chosen, i*n/min(n, pageRestored/2))
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(shipped[b]-float[b], shipped[a]-float[a])
	})
	for _, i := range order {
		if len(chosen) < min(n, pageRestored) && !slices.Contains(chosen, i) {
			chosen = append(chosen, i)
		}
	}
	slices.Sort(chosen)
	return chosen
}

// pictureURL is a picture as a URL that holds a PNG.
func pictureURL(m image.Image) (template.URL, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil
}
