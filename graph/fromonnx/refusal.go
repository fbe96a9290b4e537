package fromonnx

import (
	"fmt"
	"strings"
)

// Refusal is a node that cannot be imported.
type Refusal struct {
	Node     string
	Operator string
	Why      string
	Help     string // what would help; "" where nothing is known
}

// Refusals are all that cannot be imported of a file.
type Refusals []Refusal

// mostRefusals limits how many are spelt out.
const mostRefusals = 20

// Error lists the refusals, one a line.
func (r Refusals) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot be imported: %d of its nodes", len(r))
	for _, one := range r[:min(len(r), mostRefusals)] {
		fmt.Fprintf(&b, "\n  node %q (%s): %s", one.Node, one.Operator, one.Why)
		if one.Help != "" {
			fmt.Fprintf(&b, "; %s", one.Help)
		}
	}
	if more := len(r) - mostRefusals; more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// refused is an error about a node with what would help.
type refused struct{ why, help string }

func (r refused) Error() string { return r.why }

// refuse is an error with advice.
func refuse(help, format string, args ...any) error {
	return refused{fmt.Sprintf(format, args...), help}
}
