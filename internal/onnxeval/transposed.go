package onnxeval

import (
	"fmt"
	"slices"

	"petrify/internal/onnxpb"
)

// convTranspose adds each input times the weights to the outputs that a
// convolution of the same geometry would have read.
func convTranspose(c *call) ([]*Tensor, error) {
	x, weights, bias := c.in[0], c.in[1], c.input(2)
	batch, channels, in, err := spatial(x)
	if err != nil {
		return nil, err
	}
	groups := c.Int("group", 1)
	if len(weights.Shape) != len(x.Shape) || groups < 1 || groups > most || weights.Shape[0] != channels ||
		channels%groups != 0 {
		return nil, fmt.Errorf("weights of shape %v in %d groups for an input of shape %v", weights.Shape, groups,
			x.Shape)
	}
	filters := weights.Shape[1] * groups
	if bias != nil && bias.Size() != filters {
		return nil, fmt.Errorf("%d biases for %d filters", bias.Size(), filters)
	}
	w, out, err := c.widened(in, weights.Shape[2:])
	if err != nil {
		return nil, err
	}
	y, err := x.like(append([]int{batch, filters}, out...))
	if err != nil || c.shapes {
		return one(y, err)
	}
	if bias != nil {
		for i := range y.F {
			y.F[i] = bias.F[i/product(out)%filters]
		}
	}
	perGroup, taps := filters/groups, product(w.Kernel)
	parallel(batch*filters, func(i int) {
		o := i % filters
		group := o / perGroup
		result := y.F[i*product(out) : (i+1)*product(out)]
		for k := group * (channels / groups); k < (group+1)*(channels/groups); k++ {
			plane := x.F[(i/filters*channels+k)*product(in):]
			kernel := weights.F[(k*perGroup+o%perGroup)*taps:]
			each(in, func(from int, index []int) {
				w.taps(out, index, func(tap, at int, inside, _ bool) {
					if inside {
						result[at] += plane[from] * kernel[tap]
					}
				})
			})
		}
	})
	return one(y, nil)
}

// Widened is the geometry of a ConvTranspose on an input of the given spatial sizes,
// and those of its result. What the padding at the end is follows from these.
func Widened(n *Node, in, kernel []int) (Window, []int, error) {
	return (&call{Node: n}).widened(in, kernel)
}

// widened is the geometry of a ConvTranspose and the spatial sizes of its
// result.
func (c *call) widened(in, kernel []int) (Window, []int, error) {
	auto := c.Text("auto_pad", "NOTSET")
	plain := *c.Node
	plain.Attributes = slices.DeleteFunc(slices.Clone(plain.Attributes), func(a onnxpb.Attribute) bool {
		return a.Name == "auto_pad"
	})
	w, err := WindowOf(&plain, in, kernel)
	if err != nil {
		return w, nil, err
	}
	extra, wanted := c.Ints("output_padding"), c.Ints("output_shape")
	if extra == nil {
		extra = make([]int, len(in))
	}
	if len(extra) != len(in) || wanted != nil && len(wanted) != len(in) {
		return w, nil, fmt.Errorf("output_padding %v, output_shape %v for %d spatial axes", extra, wanted, len(in))
	}
	out := make([]int, len(in))
	for i, n := range in {
		if extra[i] < 0 || extra[i] >= max(w.Stride[i], w.Dilation[i]) {
			return w, nil, fmt.Errorf("output_padding %v", extra)
		}
		whole := (n-1)*w.Stride[i] + w.extent(i) + extra[i]
		switch {
		case wanted != nil:
			out[i] = wanted[i]
		case auto == "SAME_UPPER" || auto == "SAME_LOWER":
			out[i] = n * w.Stride[i]
		default:
			if out[i] = whole - w.Begin[i] - w.End[i]; out[i] < 1 {
				return w, nil, fmt.Errorf("pads %v and %v leave nothing of an output of %d", w.Begin, w.End, whole)
			}
			continue
		}
		total := max(0, whole-out[i])
		w.Begin[i] = total / 2
		if auto == "SAME_LOWER" || auto == "NOTSET" && wanted != nil {
			w.Begin[i] = total - total/2
		}
	}
	return w, out, checkShape(out)
}
