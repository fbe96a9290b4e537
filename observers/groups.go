package observers

import (
	"fmt"

	"petrify/fakequant/affine"
)

// runs calls f(i, run) for each run of elements of x that belong to group i.
func runs(l affine.Layout, x []float32, f func(i int, run []float32)) error {
	outer, inner, err := l.Blocks(len(x))
	if err != nil {
		return fmt.Errorf("observers: %w", err)
	}
	for b := range outer * l.N {
		f(b%l.N, x[b*inner:(b+1)*inner])
	}
	return nil
}

// finite reports whether v is neither infinite nor NaN, for which v − v would
// be NaN.
func finite(v float32) bool { return v-v == 0 }
