package graph

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Network is a network's description: data only, no parameters. Its output is
// the last layer's.
type Network struct {
	Name   string
	Layers []Layer
	Loss   Loss
}

// Loss is what training minimises.
type Loss uint8

// The losses.
const (
	CrossEntropy Loss = iota // of the softmax of the outputs, against the labels
	MeanSquare               // of the outputs' differences from the input: an autoencoder's
	Targeted                 // against targets that only the [LossFunc] of a pass knows
)

// String is the loss's name.
func (l Loss) String() string {
	return [...]string{"cross_entropy", "mean_square", "targets"}[l]
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

// vector reports whether an input of that shape is a vector.
func (s Shape) vector() bool { return s.H == 1 && s.W == 1 }

// dims is the shape as the frozen model writes it.
func (s Shape) dims(vector bool) []int {
	if vector {
		return []int{s.C}
	}
	return []int{s.C, s.H, s.W}
}

// Validate reports everything that is wrong with the network for inputs of the
// given shape.
func (n Network) Validate(in Shape) error {
	_, err := n.connect(in)
	return err
}

// Output is the shape of the network's output for inputs of the given shape; or
// the error of [Network.Validate].
func (n Network) Output(in Shape) (Shape, error) {
	layers, err := n.connect(in)
	if err != nil {
		return Shape{}, err
	}
	return layers[len(layers)-1].out, nil
}

// OneValue names a batch norm that sees one value in each channel of a batch,
// whose variance is 0; "" if there is none.
func (n Network) OneValue(in Shape, batch int) (layer string) {
	layers, _ := n.connect(in) // none of a network that is refused anyway
	for _, l := range layers {
		if l.Kind == KindBatchNorm && batch*l.out.H*l.out.W == 1 {
			return l.Name
		}
	}
	return ""
}

// connected is a layer whose inputs and shapes are known.
type connected struct {
	Layer
	from      []int // places of the layers that it takes
	ins       []Shape
	out       Shape
	vector    bool // the output is a vector, not an image of one pixel
	consumers int  // layers that take it
}

// connect names the layers, finds their inputs and infers their shapes. The
// first layer that it returns is the network's input, of no kind.
func (n Network) connect(in Shape) ([]connected, error) {
	var errs []error
	if len(n.Layers) == 0 {
		errs = append(errs, errors.New("graph: network without layers"))
	}
	if in.C < 1 || in.H < 1 || in.W < 1 {
		errs = append(errs, fmt.Errorf("graph: input shape %v: want sizes of at least 1", in))
	}
	layers := []connected{{Layer: Layer{Name: InputName}, out: in, vector: in.vector()}}
	layers = append(layers, named(n.Layers)...)
	known := map[string]int{InputName: 0}
	broken := len(errs) > 0
	for i := range n.Layers {
		l := &layers[i+1]
		faults := append(l.faults(), l.find(layers, known, i)...)
		if len(faults) == 0 && !broken {
			faults = append(faults, l.infer(layers)...)
		}
		known[l.Name] = i + 1
		errs = append(errs, faults...)
		broken = broken || len(faults) > 0 // shapes past a fault would only repeat it
	}
	if broken {
		return nil, errors.Join(errs...)
	}
	return layers, unused(layers)
}

// named gives every layer without a name its kind and a number as its name.
func named(layers []Layer) []connected {
	count := map[Kind]int{}
	all := make([]connected, len(layers))
	for i, l := range layers {
		count[l.Kind]++
		if l.Name == "" {
			l.Name = fmt.Sprintf("%v_%d", l.Kind, count[l.Kind])
		}
		all[i].Layer = l
	}
	return all
}

// find looks up the inputs of l, which follows the layer at index before.
func (l *connected) find(layers []connected, known map[string]int, before int) (errs []error) {
	if _, ok := known[l.Name]; ok {
		errs = append(errs, fmt.Errorf("graph: layer %s: two layers of that name", l.Name))
	}
	if len(l.From) == 0 {
		l.from = []int{before}
	}
	for _, name := range l.From {
		at, ok := known[name]
		if !ok {
			errs = append(errs, fmt.Errorf("graph: layer %s: takes %q, which no layer before it is called", l.Name,
				name))
			continue
		}
		l.from = append(l.from, at)
	}
	for _, at := range l.from {
		layers[at].consumers++
	}
	if len(errs) == 0 && l.Kind.known() && l.Kind.is(roleSum, roleJoin) != (len(l.from) > 1) {
		errs = append(errs, fmt.Errorf("graph: layer %s: %v takes %d layers", l.Name, l.Kind, len(l.from)))
	}
	return errs
}

// unused names the layers whose output nothing reads.
func unused(layers []connected) error {
	var errs []error
	for i, l := range layers {
		if l.consumers == 0 && i < len(layers)-1 {
			errs = append(errs, fmt.Errorf("graph: layer %s: no layer takes its output", l.Name))
		}
	}
	return errors.Join(errs...)
}

// infer finds the shapes of the layer's inputs and output.
func (l *connected) infer(layers []connected) []error {
	first := layers[l.from[0]]
	for _, at := range l.from {
		x := layers[at]
		if image := x; x.vector != first.vector && !(x.vector && rows[l.Kind].op.Pairs()) {
			if x.vector {
				image = first
			}
			return []error{fmt.Errorf("graph: layer %s: %v of an image and a vector: put flatten after %s",
				l.Name, l.Kind, image.Name)}
		}
		l.ins = append(l.ins, x.out)
	}
	var err error
	if l.out, l.vector, err = l.Layer.output(l.ins, first.vector); err != nil {
		return []error{fmt.Errorf("graph: layer %s: %w", l.Name, err)}
	}
	return nil
}

// faults lists what is wrong with the layer by itself.
func (l Layer) faults() (errs []error) {
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("graph: layer %s: "+format, append([]any{l.Name}, args...)...))
	}
	k := l.Kind
	if !k.known() {
		fault("kind %d: want one of %v", k, Kinds())
		return errs
	}
	if k.is(roleProduct) && l.Units < 1 && l.Groups != Depthwise {
		fault("%d units: want at least 1", l.Units)
	}
	if k.takes("kernel") && (l.Kernel[0] < 1 || l.Kernel[1] < 1) {
		fault("kernel %d×%d: want at least 1×1", l.Kernel[0], l.Kernel[1])
	}
	if f := l.Factor; k.takes("factor") && (min(f[0], f[1]) < 1 || max(f[0], f[1]) > widest) {
		fault("factor %d×%d: want numbers from 1 to %d", f[0], f[1], widest)
	}
	if l.Stride[0] < 0 || l.Stride[1] < 0 || l.Dilation[0] < 0 || l.Dilation[1] < 0 {
		fault("stride %v, dilation %v: want at least 1", l.Stride, l.Dilation)
	}
	if p := l.OutputPadding; min(p[0], p[1]) < 0 {
		fault("output_padding %v: want no negative size", p)
	}
	if l.Padding.Same && l.OutputPadding != [2]int{} {
		fault("output_padding has no effect with padding same, which says what the output is")
	}
	if p := l.Padding; min(p.Top, p.Left, p.Bottom, p.Right) < 0 {
		fault("padding %d %d %d %d: want no negative size", p.Top, p.Left, p.Bottom, p.Right)
	}
	if l.CeilMode && l.Padding.Same {
		fault("ceil_mode has no effect with padding same, which the windows end with")
	}
	if n := l.widest(); n > widest {
		fault("kernel, stride, dilation or padding of %d: want at most %d", n, widest)
	}
	if l.Groups < Depthwise {
		fault("%d groups: want at least 1, or %d for depthwise", l.Groups, Depthwise)
	}
	if !(l.Slope-l.Slope == 0) {
		fault("slope %v: want a finite number", l.Slope)
	}
	if !(l.Value-l.Value == 0) {
		fault("value %v: want a finite number", l.Value)
	}
	if k == KindClip && !l.bounded() {
		fault("bounds %v and %v: want a lower and a higher number, or one of them", l.Min, l.Max)
	}
	if k.takes("heads") && l.Heads < 1 {
		fault("%d heads: want at least 1", l.Heads)
	}
	if !(l.Scale == 0 || l.Scale >= 0x1p-126 && l.Scale <= math.MaxFloat32) {
		fault("scale %v: want a finite number above 0, of at least 2⁻¹²⁶", l.Scale)
	}
	if !(l.Rate >= 0 && l.Rate < 1) {
		fault("rate %v: want 0 ≤ rate < 1", l.Rate)
	}
	if !(l.Epsilon >= 0 && l.Epsilon <= math.MaxFloat64) {
		fault("epsilon %v: want a finite number above 0", l.Epsilon)
	}
	if e := l.Epsilon; k == KindLayerNorm && e != 0 && !(e >= 0x1p-126 && e <= math.MaxFloat32) {
		fault("epsilon %v: want a number that float32 has, from 2⁻¹²⁶ on", e)
	}
	for _, idle := range l.idle() {
		fault("%s has no effect on %v", idle, k)
	}
	return errs
}

// bounded reports whether a clip has bounds, at least one and in order.
func (l Layer) bounded() bool {
	ordered := l.Min >= -Unbounded && l.Min < l.Max && l.Max <= Unbounded
	return ordered && (l.Min > -Unbounded || l.Max < Unbounded)
}

// idle lists the settings that have no effect on the layer's kind.
func (l Layer) idle() (names []string) {
	for _, s := range []struct {
		name string
		set  bool
		keys []string // that it has in a configuration
	}{
		{"units", l.Units != 0, []string{"filters", "features"}},
		{"groups", l.Groups != 0, []string{"groups"}},
		{"kernel", l.Kernel != [2]int{}, []string{"kernel"}},
		{"stride", l.Stride != [2]int{}, []string{"stride"}},
		{"dilation", l.Dilation != [2]int{}, []string{"dilation"}},
		{"padding", l.Padding != Padding{}, []string{"padding"}},
		{"output_padding", l.OutputPadding != [2]int{}, []string{"output_padding"}},
		{"ceil_mode", l.CeilMode, []string{"ceil_mode"}},
		{"count_include_pad", l.CountIncludePad, []string{"count_include_pad"}},
		{"factor", l.Factor != [2]int{}, []string{"factor"}},
		{"shape", l.Shape != Shape{}, []string{"shape"}},
		{"extra_channels", l.ExtraChannels != [2]int{}, []string{"extra_channels"}},
		{"value", l.Value != 0, []string{"value"}},
		{"channels", l.Channels != [2]int{}, []string{"channels"}},
		{"rows", l.Rows != [2]int{}, []string{"rows"}},
		{"columns", l.Columns != [2]int{}, []string{"columns"}},
		{"slope", l.Slope != 0, []string{"slope"}},
		{"min", l.Min != 0, []string{"min"}},
		{"max", l.Max != 0, []string{"max"}},
		{"epsilon", l.Epsilon != 0, []string{"epsilon"}},
		{"heads", l.Heads != 0, []string{"heads"}},
		{"scale", l.Scale != 0, []string{"scale"}},
		{"rate", l.Rate != 0, []string{"rate"}},
	} {
		if s.set && !slices.ContainsFunc(s.keys, l.Kind.takes) {
			names = append(names, s.name)
		}
	}
	return slices.Clip(names)
}
