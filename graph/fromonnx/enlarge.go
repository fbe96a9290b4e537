package fromonnx

import (
	"petrify/graph"
	"petrify/internal/onnxeval"
)

// resize makes a layer of a Resize or Upsample that repeats elements.
func resize(v *visit) (*signal, error) {
	if _, err := v.input(); err != nil {
		return nil, err
	}
	x := copied(v.signals[0])
	const help = "nearest interpolation by whole factors is imported"
	times, err := onnxeval.Repeats(v.Node, v.constants, x.shape)
	switch {
	case err != nil:
		return nil, refuse(help, "%v", err)
	case len(times) < 3 || times[0] != 1 || times[1] != 1:
		return nil, refuse(help, "it repeats elements by %v, channels among them", times)
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	if _, err := v.image(x); err != nil {
		return nil, err
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindResize, Factor: [2]int{1, times[len(times)-1]}}, out: imageOf(v.to)}
	if len(times) == 4 {
		l.Factor[0] = times[2]
	}
	return v.add(l, nil, x.layer), nil
}
