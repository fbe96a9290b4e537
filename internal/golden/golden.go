// Package golden compares the bytes that tests compute with those that another
// processor computed: a list of SHA-256, the same for all platforms.
package golden

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("golden", false, "write the sums that tests compare with")

// Sums fails the test for each of the named contents whose SHA-256 is not the one
// listed in the file, in the form of sha256sum. With the flag -golden it writes the
// file. Contents may be fewer than the file lists, as in a sample.
func Sums(t *testing.T, file string, contents map[string][]byte) {
	t.Helper()
	lines := map[string]string{}
	for name, content := range contents {
		lines[name] = fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
	}
	if *write {
		var text strings.Builder
		for _, name := range slices.Sorted(maps.Keys(lines)) {
			text.WriteString(lines[name])
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	listed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if !strings.Contains("\n"+string(listed), "\n"+lines[name]) {
			t.Errorf("%s: other bytes than those of which %s has the sum: -golden writes it, if they are meant to change",
				name, file)
		}
	}
}
