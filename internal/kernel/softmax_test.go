package kernel

import (
	"math"
	"testing"
)

func TestSoftmaxCrossEntropyByHand(t *testing.T) {
	ln := func(v float64) float32 { return float32(math.Log(v)) }
	logits := []float32{
		ln(1), ln(2), ln(1), // p = ¼ ½ ¼
		9, 9, 9, // padding
		1000, 1000, 0, // p = ½ ½ 0, and no overflow
	}
	d := make([]float32, len(logits))
	loss, correct := SoftmaxCrossEntropy(d, logits, []int32{1, -1, 1}, 3, 3)
	if want := math.Log(2); math.Abs(loss-want) > 1e-7 {
		t.Errorf("loss = %v, want ln 2 = %v", loss, want)
	}
	if correct != 1 {
		t.Errorf("correct = %d, want 1: the third row's first maximum is class 0", correct)
	}
	closeTo(t, "gradient", d, []float64{.125, -.25, .125, 0, 0, 0, .25, -.25, 0}, 1e-6, 1)
}

// TestSoftmaxRowsAgainstTheirFormula takes rows in one block and in several.
func TestSoftmaxRowsAgainstTheirFormula(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {5, 3}, {40, 98}, {3000, 7}} {
		x, y, want := in(s[0]*s[1], random()).slice(), out(s[0]*s[1]), make([]float64, s[0]*s[1])
		for lo := 0; lo < len(x); lo += s[1] {
			sum := 0.0
			for _, v := range x[lo : lo+s[1]] {
				sum += math.Exp(float64(v))
			}
			for i := lo; i < lo+s[1]; i++ {
				want[i] = math.Exp(float64(x[i])) / sum
			}
		}
		SoftmaxRows(y.slice(), x, s[1])
		closeTo(t, label(s), y.slice(), want, 1e-7, 0)
		y.check(t, label(s))
	}
}

// TestSoftmaxCrossEntropyAgainstItsFormula takes rows of every width, some of
// them padding.
func TestSoftmaxCrossEntropyAgainstItsFormula(t *testing.T) {
	for number, s := range enumerate(t, 200, pickShape) {
		n, classes, r := s[0], s[1], random(uint64(s[0]), uint64(s[1]))
		logits, labels, d := in(n*classes, r), make([]int32, n), out(n*classes)
		want, loss, rows := make([]float64, n*classes), 0.0, 0.0
		for i := range labels {
			labels[i] = int32(r.IntN(classes+1)) - 1
			if labels[i] >= 0 {
				rows++
			}
		}
		for i, label := range labels {
			sum := 0.0
			for k := range classes {
				sum += math.Exp(float64(logits.slice()[i*classes+k]))
			}
			for k := range classes {
				if p := math.Exp(float64(logits.slice()[i*classes+k])) / sum; int32(k) == label {
					want[i*classes+k], loss = (p-1)/rows, loss-math.Log(p)/rows
				} else if label >= 0 {
					want[i*classes+k] = p / rows
				}
			}
		}
		got, _ := SoftmaxCrossEntropy(d.slice(), logits.slice(), labels, n, classes)
		if math.Abs(got-loss) > 1e-12*(1+loss) {
			t.Errorf("%d×%d: loss %v, want %v", n, classes, got, loss)
		}
		closeTo(t, label(number, ": gradient"), d.slice(), want, 1e-6, 1e-6)
		d.check(t, "gradient")
	}
}

func TestSoftmaxCrossEntropyOfPaddingAlone(t *testing.T) {
	d := []float32{7, 7}
	loss, correct := SoftmaxCrossEntropy(d, []float32{1, 2}, []int32{-1}, 1, 2)
	if loss != 0 || correct != 0 || d[0] != 0 || d[1] != 0 {
		t.Errorf("loss %v, correct %d, gradient %v; want zeros", loss, correct, d)
	}
}

// TestSoftmaxCrossEntropyGradient compares with central differences.
func TestSoftmaxCrossEntropyGradient(t *testing.T) {
	const n, classes, h = 4, 6, 1e-2
	logits, labels := in(n*classes, random()).slice(), []int32{5, 0, -1, 3}
	d := make([]float32, len(logits))
	SoftmaxCrossEntropy(d, logits, labels, n, classes)
	for i, v := range logits {
		logits[i] = v + h
		up, _ := SoftmaxCrossEntropy(nil, logits, labels, n, classes)
		span := float64(logits[i])
		logits[i] = v - h
		down, _ := SoftmaxCrossEntropy(nil, logits, labels, n, classes)
		span -= float64(logits[i])
		logits[i] = v
		if want := (up - down) / span; math.Abs(float64(d[i])-want) > 1e-5 {
			t.Errorf("gradient[%d] = %v, central difference %v", i, d[i], want)
		}
	}
}

func TestSoftmaxCrossEntropyOfNaN(t *testing.T) {
	if loss, _ := SoftmaxCrossEntropy(nil, []float32{float32(math.NaN()), 1}, []int32{1}, 1, 2); !math.IsNaN(loss) {
		t.Errorf("loss = %v, want NaN", loss)
	}
}
