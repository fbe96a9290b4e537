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

// A digest names a configuration: it is the same when that is made again, wherever its
// folder is, and another one when a setting that matters changes.
func TestDigestNamesAConfiguration(t *testing.T) {
	want := small(t).Digest()
	for name, change := range map[string]func(c *Config){
		"seed":         func(c *Config) { c.Seed++ },
		"epochs":       func(c *Config) { c.QAT.Epochs++ },
		"quantization": func(c *Config) { c.Quantization.EdgeBits = 8 },
		"data":         func(c *Config) { d := *c.Data; d.Test = d.Train; c.Data = &d },
		"":             func(*Config) {},
		"-out":         func(c *Config) { c.Out = t.TempDir() },
		"-resume":      func(c *Config) { c.Resume = true },
	} {
		c := small(t)
		change(&c)
		same := name == "" || name[0] == '-'
		if got := c.Digest(); (got == want) != same {
			t.Errorf("%s: %s, want the same: %v as %s", name, got, same, want)
		}
	}
}
