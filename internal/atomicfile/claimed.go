package atomicfile

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Claimed says which process owns a folder, as far as can be known here; ok is false if
// there is no claim, or if its owner is gone by the rule of [Own].
func Claimed(folder string) (owner string, ok bool) {
	text, err := os.ReadFile(filepath.Join(folder, OwnerFile))
	var c claim
	if err != nil || json.Unmarshal(text, &c) != nil {
		return "", false
	}
	if c.here() {
		if began, there := process(c.Process); c.Boot != boot() || !there || began != c.Began {
			return "", false
		}
	}
	return c.String(), true
}
