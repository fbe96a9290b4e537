package report

import "html/template"

// Judgement is how a classifier does on the test split, before and after
// quantization.
type Judgement struct {
	Samples int
	Right   []bool   // by sample: whether what ships classifies it correctly
	Judged  []Judged // float, PTQ, QAT, as far as they are known; the last one ships
	Flipped int
	Flips   []Flip // the first of them
	Mended  int    // flips to the right class
	Broken  int    // flips away from it
}

// Judged is how well one network does.
type Judged struct {
	Name                            string // float, PTQ, QAT
	Accuracy, Balanced, Calibration float64
	ByClass                         []Class
	Confusion                       [][]int // by class, then by predicted class
	Bins                            []Bin
}

// Class is the accuracy within a class.
type Class struct {
	Name     string
	Samples  int
	Accuracy float64
}

// Bin is an interval of confidence.
type Bin struct {
	Samples              int
	Confidence, Accuracy float64 // means
}

// Flip is a sample whose class quantization changed.
type Flip struct {
	Sample, Class string
	Float, QAT    Guess
	Picture       template.URL // a data URL; "" for what is no picture
}

// Guess is a network's answer.
type Guess struct {
	Class      string
	Confidence float64
}

// Percent is the confidence in percent.
func (g Guess) Percent() float64 { return 100 * g.Confidence }
