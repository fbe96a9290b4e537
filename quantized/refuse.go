package quantized

import (
	"errors"
	"fmt"
)

// Refuse returns an error for every layer whose operation or function is
// missing from a consumer's tables: without a row, a consumer refuses it by
// name. A consumer that computes functions of one number with [Node.Function]
// needs no table of them: nil.
func Refuse[O, F any](m *Model, consumer string, ops map[Op]O, funcs map[Func]F) error {
	var errs []error
	for i := range m.Nodes {
		n := &m.Nodes[i]
		_, op := ops[n.Op]
		_, function := funcs[n.Func]
		if n.Op == Activate {
			op = true // it is its function
		}
		switch {
		case !op:
			errs = append(errs, fmt.Errorf("%s: layer %s: %v has no form there", consumer, n.Name, n.Op))
		case !function && funcs != nil && n.Func != Identity:
			errs = append(errs, fmt.Errorf("%s: layer %s: %v has no form there", consumer, n.Name, n.Func))
		}
	}
	return errors.Join(errs...)
}
