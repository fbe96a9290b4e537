//go:build !linux && !darwin

package atomicfile

import "errors"

// exchange is not possible on this system.
func exchange(string, string) error { return errors.ErrUnsupported }
