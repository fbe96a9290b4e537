package datasets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"testing"
)

// The content of the embedded file: its hash, and the first image as it is
// in the first line of the original CSV file.
func TestDigitsContent(t *testing.T) {
	zr, err := gzip.NewReader(bytes.NewReader(digitsFile))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if got, want := hex.EncodeToString(sum[:]),
		"d8121ca7764eccfaef1df6bc4589c6527c58fcbab0cb1b079e79f97f8cb8219a"; got != want {
		t.Errorf("SHA-256 %s, want %s", got, want)
	}
	first := []byte{0,
		0, 0, 5, 13, 9, 1, 0, 0,
		0, 0, 13, 15, 10, 15, 5, 0,
		0, 3, 15, 2, 0, 11, 8, 0,
		0, 4, 12, 0, 0, 8, 8, 0,
		0, 5, 8, 0, 0, 9, 8, 0,
		0, 4, 11, 0, 1, 12, 7, 0,
		0, 2, 14, 5, 10, 12, 0, 0,
		0, 0, 6, 13, 10, 0, 0, 0}
	if !bytes.Equal(content[:65], first) {
		t.Errorf("first record %v, want %v", content[:65], first)
	}
	if len(content) != 1797*65 {
		t.Errorf("%d bytes, want %d", len(content), 1797*65)
	}
}

func TestDigitsSplit(t *testing.T) {
	set, err := Open("digits", Options{})
	if err != nil {
		t.Fatal(err)
	}
	count := func(s *Split) (n [10]int) {
		for _, label := range s.Labels {
			n[label]++
		}
		return n
	}
	// The class counts of all 1,797: 178 182 177 183 181 182 181 179 174 180.
	if got, want := count(set.Train), ([10]int{143, 146, 142, 147, 145, 146, 145, 144, 140, 144}); got != want {
		t.Errorf("training images per class %v, want %v", got, want)
	}
	if got, want := count(set.Test), ([10]int{35, 36, 35, 36, 36, 36, 36, 35, 34, 36}); got != want {
		t.Errorf("test images per class %v, want %v", got, want)
	}
	if got := slices.Max(set.Train.Images); got != 16 {
		t.Errorf("brightest pixel %d, want 16", got)
	}
	if set.PixelScale != 1.0/16 || set.Shape != [3]int{1, 8, 8} || len(set.Classes) != 10 {
		t.Errorf("scale %v, shape %v, classes %v", set.PixelScale, set.Shape, set.Classes)
	}
}
