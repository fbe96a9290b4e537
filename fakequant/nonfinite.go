package fakequant

import "fmt"

// NonFiniteError reports values that no integer can represent.
type NonFiniteError struct {
	Name      string // the quantizer's
	Count, Of int    // how many of how many values
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("fakequant: %s: %d of %d values are NaN or infinite", e.Name, e.Count, e.Of)
}
