package train

import (
	"slices"
	"testing"
)

// Files are named where the data have changed, if it is known which they were.
func TestChangedDataFilesAreNamed(t *testing.T) {
	was := map[string]string{"data.checksum": "1", "seed": "7", dataFiles + "a": "3 bytes",
		dataFiles + "b": "4 bytes", dataFiles + "c": "5 bytes"}
	is := map[string]string{"data.checksum": "2", "seed": "7", dataFiles + "a": "2 bytes",
		dataFiles + "b": "4 bytes", dataFiles + "d": "6 bytes"}
	const checksum = `data.checksum: the checkpoint has "1", the configuration "2"`
	for _, tt := range []struct {
		name    string
		was, is map[string]string
		want    []string
	}{
		{"other files", was, is, []string{
			"a has changed: it had 3 bytes, and has 2 bytes",
			"c is no longer among the data",
			"d is new among the data",
			checksum,
		}},
		{"moved files of the same data", map[string]string{"data.checksum": "2", dataFiles + "e": "7 bytes"},
			map[string]string{"data.checksum": "2", dataFiles + "a": "3 bytes"}, nil},
		{"a checkpoint without a list", map[string]string{"data.checksum": "1"},
			map[string]string{"data.checksum": "2", dataFiles + "a": "3 bytes"}, []string{checksum}},
		{"a setting", map[string]string{"seed": "7"}, map[string]string{"seed": "8", "epochs": ""}, []string{
			`epochs: the checkpoint has none, the configuration ""`,
			`seed: the checkpoint has "7", the configuration "8"`,
		}},
	} {
		if got := difference(tt.was, tt.is); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%q\nwant\n%q", tt.name, got, tt.want)
		}
	}
}
