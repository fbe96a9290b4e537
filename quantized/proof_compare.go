package quantized

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CheckSaved returns an error if saved, the proof in a file, disagrees with p,
// which was just made. They may differ in the program's version and in the
// runtimes that were available.
func (p *Proof) CheckSaved(saved *Proof) error {
	faults := []error{differingLine(saved.Claim(), p.Claim())}
	for _, e := range saved.Exports {
		i := slices.IndexFunc(p.Exports, func(now Export) bool { return now.Name == e.Name })
		if i < 0 {
			faults = append(faults, fmt.Errorf("quantized: the proof lists an export %s, which there is not", e.Name))
			continue
		}
		faults = append(faults, e.check(p.Exports[i]))
	}
	return errors.Join(faults...)
}

// differingLine compares two claims line by line and names the first fact that
// differs.
func differingLine(saved, now string) error {
	a, b := strings.Split(saved, "\n"), strings.Split(now, "\n")
	for i := range max(len(a), len(b)) {
		was, is := "nothing more", "nothing more"
		if i < len(a) {
			was = a[i]
		}
		if i < len(b) {
			is = b[i]
		}
		if was != is {
			return fmt.Errorf("quantized: the proof says %q, found is %q", was, is)
		}
	}
	return nil
}

// check compares a saved export with the one that was just made.
func (e Export) check(now Export) error {
	if e.Digest != now.Digest {
		return fmt.Errorf("quantized: the proof is of %s with SHA-256 %s, the model gives one with %s",
			e.Name, e.SHA256, now.SHA256)
	}
	if e.Comparison == nil || now.Comparison == nil || e.Comparison.B != now.Comparison.B {
		return nil
	}
	if was, is := e.Comparison, now.Comparison; was.Elements != is.Elements || was.Differing != is.Differing {
		return fmt.Errorf("quantized: the proof says that %s of %s outputs of %s differ, found are %s of %s",
			digits(int64(was.Differing)), digits(int64(was.Elements)), was.B, digits(int64(is.Differing)),
			digits(int64(is.Elements)))
	}
	return nil
}
