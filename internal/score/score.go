// Package score judges a classifier by the probabilities that it gives.
package score

import "math"

// Bins is how many intervals of confidence the calibration error has.
const Bins = 15

// Score adds up samples. The zero value is not ready: use [New].
type Score struct {
	Confusion [][]int // by class, then by predicted class
	inFirst5  int
	bins      [Bins]bin
}

// bin is the samples of an interval of confidence.
type bin struct {
	count, right int
	confidence   float64 // their sum
}

// New returns a score without samples.
func New(classes int) *Score {
	s := &Score{Confusion: make([][]int, classes)}
	for i := range s.Confusion {
		s.Confusion[i] = make([]int, classes)
	}
	return s
}

// Add adds a sample of a class, given the probabilities of all classes, and
// returns the predicted class: the first with the greatest probability.
func (s *Score) Add(class int, p []float64) (predicted int) {
	before := 0 // classes that would be guessed before
	for i, v := range p {
		if v > p[predicted] {
			predicted = i
		}
		if v > p[class] || v == p[class] && i < class {
			before++
		}
	}
	s.Confusion[class][predicted]++
	if before < 5 {
		s.inFirst5++
	}
	b := &s.bins[min(max(int(math.Ceil(p[predicted]*Bins))-1, 0), Bins-1)]
	b.count++
	b.confidence += p[predicted]
	if predicted == class {
		b.right++
	}
	return predicted
}

// Samples is how many were added.
func (s *Score) Samples() (n int) {
	for _, row := range s.Confusion {
		n += sum(row)
	}
	return n
}

// Accuracy is the share of samples whose class is predicted; 0 without samples.
func (s *Score) Accuracy() float64 {
	right := 0
	for i, row := range s.Confusion {
		right += row[i]
	}
	return share(right, s.Samples())
}

// Top5 is the share of samples whose class is among the five most probable.
func (s *Score) Top5() float64 { return share(s.inFirst5, s.Samples()) }

// ByClass is the accuracy within a class, and how many samples it has.
func (s *Score) ByClass(class int) (accuracy float64, samples int) {
	samples = sum(s.Confusion[class])
	return share(s.Confusion[class][class], samples), samples
}

// Balanced is the mean of the accuracies of all classes that have samples.
// Brodersen et al., The Balanced Accuracy and Its Posterior Distribution, 2010.
func (s *Score) Balanced() float64 {
	total, classes := 0.0, 0
	for i := range s.Confusion {
		if accuracy, n := s.ByClass(i); n > 0 {
			total += accuracy
			classes++
		}
	}
	if classes == 0 {
		return 0
	}
	return total / float64(classes)
}

// Bin is the samples of an interval of confidence.
type Bin struct {
	Samples              int
	Confidence, Accuracy float64 // their means; 0 without samples
}

// Bins are the intervals of confidence, (i/15, (i+1)/15].
func (s *Score) Bins() (all [Bins]Bin) {
	for i, b := range s.bins {
		if b.count > 0 {
			all[i] = Bin{b.count, b.confidence / float64(b.count), share(b.right, b.count)}
		}
	}
	return all
}

// CalibrationError is the expected difference between confidence, the
// probability of the predicted class, and accuracy: the mean over intervals of
// confidence, (i/15, (i+1)/15], weighted by their samples. Guo et al., On
// Calibration of Modern Neural Networks, 2017, equation 3.
func (s *Score) CalibrationError() (e float64) {
	n := s.Samples()
	for _, b := range s.bins {
		if b.count > 0 {
			e += math.Abs(float64(b.right)-b.confidence) / float64(n)
		}
	}
	return e
}

func sum(row []int) (n int) {
	for _, k := range row {
		n += k
	}
	return n
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
