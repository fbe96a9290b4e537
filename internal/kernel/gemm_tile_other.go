//go:build (!amd64 && !arm64) || noasm

package kernel

// rows computes rows i to i+m.
func (t *tile) rows(i, m int) { t.rowsGeneric(i, m) }
