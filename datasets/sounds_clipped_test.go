package datasets

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets/sound"
)

// floats is a WAV file of float32, a second of 8 kHz, with some samples of a value.
func floats(value float32, some int) []byte {
	file := bytes.Clone(sound.Encode(8000, make([]int16, 16000))) // as many bytes
	le := binary.LittleEndian
	le.PutUint16(file[20:], 3)
	le.PutUint32(file[28:], 32000)
	le.PutUint16(file[32:], 4)
	le.PutUint16(file[34:], 32)
	for i := range some {
		le.PutUint32(file[44+4*i:], math.Float32bits(value))
	}
	return file
}

// Programs write floats as they have them, and these are samples of 16 bits more often than
// the format allows.
func TestClippedSoundsAreWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		value  float32
		some   int
		warned string
	}{
		"16-bit numbers": {-12000, 4000, "1 of 4 sounds are clipped"},
		"a few overs":    {1.25, 80, ""},
		"many overs":     {1.25, 81, "1 of 4 sounds are clipped"},
		"full scale":     {-1, 8000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fine := floats(0.5, 100)
			dir := write(t, map[string][]byte{"train/a/x.wav": floats(c.value, c.some), "train/b/x.wav": fine,
				"test/a/x.wav": fine, "test/b/x.wav": fine})
			set, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if said := strings.Join(set.Account.Warnings, "\n"); (said != "") != (c.warned != "") ||
				!strings.Contains(said, c.warned) {
				t.Errorf("warnings %q, want %q", said, c.warned)
			}
			contract := like(set, Options{})
			contract.Sound = set.Sound
			in, err := ReadInputs(context.Background(), filepath.Join(dir, "train", "a", "x.wav"), contract)
			if err != nil || strings.Contains(in.Passed, "what is beyond -1 to 1 in 1 sounds") != (c.warned != "") {
				t.Errorf("passed over %q, %v", in.Passed, err)
			}
		})
	}
}
