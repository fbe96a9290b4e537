package quantized

import (
	"errors"
	"fmt"

	"petrify/internal/safetensors"
)

// checkSlopes checks the slopes of a PReLU by themselves.
func checkSlopes(n *Node) error {
	switch {
	case n.Op != PReLU && n.Slopes != nil:
		return fmt.Errorf("%v has no slopes", n.Op)
	case n.Op == PReLU && len(n.Slopes) == 0:
		return errors.New("prelu without slopes")
	case !finite(n.Slopes):
		return errors.New("a slope is not finite")
	}
	return nil
}

// fillSlopes reads the slopes of a PReLU.
func fillSlopes(n *Node, f *safetensors.File) (err error) {
	t, ok := f.Tensor(n.Name + ".weight")
	if !ok {
		return fmt.Errorf("quantized: tensor %q is missing", n.Name+".weight")
	}
	n.Slopes, err = safetensors.Values[float32](t)
	return err
}

// SlopeOf is a PReLU's function of a number of a channel: r for r > 0, slope·r below,
// rounded to float32.
func (n *Node) SlopeOf(channel int) func(r float32) float32 {
	slope := n.Slopes[channel]
	return func(r float32) float32 {
		if r > 0 {
			return r
		}
		return slope * r
	}
}
