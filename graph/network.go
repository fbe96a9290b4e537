package graph

import (
	"errors"
	"fmt"
	"slices"
)

// Network is a network's description: data only, no parameters.
type Network struct {
	Name   string
	Layers []Layer
}

// Chain is the network of the given layers, one after the other.
func Chain(layers ...Layer) Network { return Network{Name: "custom", Layers: layers} }

// Shape is the size of an activation without the batch: channels, height,
// width. A vector of F features is {F, 1, 1}.
type Shape struct{ C, H, W int }

// Size is the number of elements.
func (s Shape) Size() int { return s.C * s.H * s.W }

// String is "16×28×28".
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.C, s.H, s.W) }

// window is the resolved geometry of a convolution or a pool.
type window struct {
	kernel, stride           [2]int
	top, left, bottom, right int
}

// resolve turns the layer's stride and padding into numbers, for an input of
// height h and width w.
func (l Layer) resolve(h, w int) window {
	v := window{kernel: l.Kernel, stride: l.Stride}
	for i, s := range v.stride {
		if s == 0 && l.Kind == KindMaxPool {
			v.stride[i] = l.Kernel[i]
		} else if s == 0 {
			v.stride[i] = 1
		}
	}
	p := l.Padding
	v.top, v.left, v.bottom, v.right = p.Top, p.Left, p.Bottom, p.Right
	if p.Same {
		v.top, v.bottom = same(h, v.kernel[0], v.stride[0])
		v.left, v.right = same(w, v.kernel[1], v.stride[1])
	}
	return v
}

// same splits the padding that makes the output ⌈n/stride⌉.
func same(n, kernel, stride int) (begin, end int) {
	total := max(((n+stride-1)/stride-1)*stride+kernel-n, 0)
	return total / 2, total - total/2
}

// output is the size that the window leaves of an image of h × w.
func (v window) output(h, w int) (int, int) {
	return (h+v.top+v.bottom-v.kernel[0])/v.stride[0] + 1,
		(w+v.left+v.right-v.kernel[1])/v.stride[1] + 1
}

// infer is the shape of the layer's output, or an error that says what the
// layer expected.
func (l Layer) infer(in Shape) (Shape, error) {
	switch l.Kind {
	case KindConv2D, KindMaxPool:
		v := l.resolve(in.H, in.W)
		if in.H+v.top+v.bottom < v.kernel[0] || in.W+v.left+v.right < v.kernel[1] {
			return Shape{}, fmt.Errorf("graph: layer %s: kernel %d×%d is larger than its padded input %d×%d",
				l.Name, v.kernel[0], v.kernel[1], in.H+v.top+v.bottom, in.W+v.left+v.right)
		}
		h, w := v.output(in.H, in.W)
		if l.Kind == KindMaxPool {
			return Shape{in.C, h, w}, nil
		}
		return Shape{l.Units, h, w}, nil
	case KindLinear:
		if in.H != 1 || in.W != 1 {
			return Shape{}, fmt.Errorf("graph: layer %s: linear wants a vector, got an image %v: put flatten before it", l.Name, in)
		}
		return Shape{l.Units, 1, 1}, nil
	case KindFlatten:
		return Shape{in.Size(), 1, 1}, nil
	default:
		return in, nil
	}
}

// Validate lists everything that is wrong with the network for inputs of the
// given shape.
func (n Network) Validate(in Shape) error {
	_, _, err := n.shapes(in)
	return err
}

// shapes names the layers and infers the shape after each.
func (n Network) shapes(in Shape) ([]Layer, []Shape, error) {
	var errs []error
	if len(n.Layers) == 0 {
		errs = append(errs, errors.New("graph: network without layers"))
	}
	if in.C < 1 || in.H < 1 || in.W < 1 {
		errs = append(errs, fmt.Errorf("graph: input shape %v: want sizes of at least 1", in))
	}
	layers := named(n.Layers)
	shapes := make([]Shape, len(layers))
	broken := len(errs) > 0
	for i, l := range layers {
		faults := l.faults()
		if slices.ContainsFunc(layers[:i], func(o Layer) bool { return o.Name == l.Name }) {
			faults = append(faults, fmt.Errorf("graph: layer %s: two layers of that name", l.Name))
		}
		if l.Kind == KindBatchNorm && (i == 0 || !layers[i-1].weighted()) {
			faults = append(faults, fmt.Errorf("graph: layer %s: batch_norm must follow a conv2d or linear layer", l.Name))
		}
		errs = append(errs, faults...)
		broken = broken || len(faults) > 0
		if broken {
			continue // shapes past a fault would only repeat it
		}
		var err error
		if shapes[i], err = l.infer(in); err != nil {
			errs = append(errs, err)
			broken = true
		}
		in = shapes[i]
	}
	return layers, shapes, errors.Join(errs...)
}

// weighted reports whether the layer has weights.
func (l Layer) weighted() bool { return l.Kind == KindConv2D || l.Kind == KindLinear }

// faults lists what is wrong with the layer by itself.
func (l Layer) faults() (errs []error) {
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("graph: layer %s: "+format, append([]any{l.Name}, args...)...))
	}
	if l.Kind == 0 || int(l.Kind) >= len(kindNames) {
		fault("kind %d: want one of %v", l.Kind, Kinds())
	}
	if l.weighted() && l.Units < 1 {
		fault("%d units: want at least 1", l.Units)
	}
	windowed := l.Kind == KindConv2D || l.Kind == KindMaxPool
	if windowed && (l.Kernel[0] < 1 || l.Kernel[1] < 1) {
		fault("kernel %d×%d: want at least 1×1", l.Kernel[0], l.Kernel[1])
	}
	if l.Stride[0] < 0 || l.Stride[1] < 0 {
		fault("stride %d×%d: want at least 1×1", l.Stride[0], l.Stride[1])
	}
	if p := l.Padding; min(p.Top, p.Left, p.Bottom, p.Right) < 0 {
		fault("padding %d %d %d %d: want no negative size", p.Top, p.Left, p.Bottom, p.Right)
	}
	if !windowed && (l.Padding != Padding{} || l.Stride != [2]int{}) {
		fault("stride and padding have no effect on %v", l.Kind)
	}
	return errs
}

// named gives every layer without a name one from its kind and a number.
func named(layers []Layer) []Layer {
	layers = slices.Clone(layers)
	count := map[Kind]int{}
	for i := range layers {
		count[layers[i].Kind]++
		if layers[i].Name == "" {
			layers[i].Name = fmt.Sprintf("%v_%d", layers[i].Kind, count[layers[i].Kind])
		}
	}
	return layers
}
