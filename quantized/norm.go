package quantized

import (
	"errors"
	"fmt"

	"petrify/internal/safetensors"
)

// mostNormed limits the channels of a layer normalisation of integers of 8 bits, so
// that n·Σd² is exact in float64: n²·255² < 2⁵³.
const mostNormed = 1 << 18

func checkNorm(n *Node) error {
	m := n.Norm
	switch {
	case n.Op != LayerNorm && m != nil:
		return fmt.Errorf("%v has no norm", n.Op)
	case n.Op != LayerNorm:
		return nil
	case m == nil:
		return errors.New("layer_norm without its norm")
	case !positive(m.Epsilon) || m.Epsilon < minScale:
		return fmt.Errorf("epsilon %v: want a finite number of at least 2⁻¹²⁶", m.Epsilon)
	case !finite(m.Gamma) || !finite(m.Beta):
		return errors.New("a factor or a shift is not finite")
	}
	return nil
}

// checkFit checks the normalisation against its input.
func (m *Norm) checkFit(x Activation) error {
	c := x.Shape[0]
	if len(m.Gamma) != c || len(m.Beta) != c {
		return fmt.Errorf("%d factors and %d shifts for %d channels", len(m.Gamma), len(m.Beta), c)
	}
	if c > mostNormed {
		return fmt.Errorf("%d channels: want at most %d", c, mostNormed)
	}
	return nil
}

// fill reads the factors and shifts of the layer of that name.
func (m *Norm) fill(name string, f *safetensors.File) (err error) {
	for _, to := range []struct {
		name   string
		values *[]float32
	}{{name + ".weight", &m.Gamma}, {name + ".bias", &m.Beta}} {
		t, ok := f.Tensor(to.name)
		if !ok {
			return fmt.Errorf("quantized: tensor %q is missing", to.name)
		}
		if *to.values, err = safetensors.Values[float32](t); err != nil {
			return err
		}
	}
	return nil
}
