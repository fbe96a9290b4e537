package datasets

import (
	"bytes"
	_ "embed" // digits.bin.gz
)

// digitsFile is a gzip file of 1,797 records of 65 bytes: the label (0..9),
// then 64 pixels (0..16) row by row. Records are in the order of the original.
//
//go:embed digits.bin.gz
var digitsFile []byte

const (
	digitsSide = 8
	digitsMax  = 16
)

// openDigits unpacks the embedded digits. In each class every fifth image in
// the order of the file (the 5th, 10th, …) is for testing, the others for
// training.
func openDigits() (*Set, error) {
	in, err := newInput("digits.bin.gz (embedded)", bytes.NewReader(digitsFile), int64(len(digitsFile)))
	if err != nil {
		return nil, err
	}
	layout := recordLayout{shape: [3]int{1, digitsSide, digitsSide}, classes: 10}
	all, err := readRecords(in, layout)
	if err != nil {
		return nil, err
	}
	var seen [10]int
	train, test := &Split{}, &Split{}
	const size = digitsSide * digitsSide
	for i, label := range all.Labels {
		seen[label]++
		split := train
		if seen[label]%5 == 0 {
			split = test
		}
		split.Images = append(split.Images, all.Images[i*size:(i+1)*size]...)
		split.Labels = append(split.Labels, label)
	}
	return New(Set{
		Name: "digits", Shape: layout.shape, Classes: numbered(10),
		Train: train, Test: test, PixelScale: 1.0 / digitsMax,
		Source: "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning " +
			"Repository, 1998, doi:10.24432/C50P49, CC BY 4.0",
	})
}
