package train

import (
	"fmt"
	"strings"
)

// Fault is one mistake in a configuration.
type Fault struct {
	Path string // of the field, as in the configuration file: "qat.epochs"
	Text string // the bad value and what is wanted: "-1: want 0 or more"
}

// Faults is every mistake in a configuration. It is the error of
// [Config.Validate].
type Faults []Fault

// Error lists the faults, one per line.
func (f Faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "train: %d faults in the configuration:", len(f))
	if len(f) == 1 {
		b.Reset()
		b.WriteString("train: a fault in the configuration:")
	}
	for _, fault := range f {
		fmt.Fprintf(&b, "\n  %s: %s", fault.Path, fault.Text)
	}
	return b.String()
}

func (f *Faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{path, fmt.Sprintf(format, args...)})
}

// check adds a fault unless ok.
func (f *Faults) check(ok bool, path, format string, args ...any) {
	if !ok {
		f.add(path, format, args...)
	}
}

// addAll adds a fault for each of the errors that err joins.
func (f *Faults) addAll(path string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			f.addAll(path, e)
		}
		return
	}
	if err != nil {
		f.add(path, "%v", err)
	}
}

// err is nil if there is no fault.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
