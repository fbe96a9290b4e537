package kernel

import (
	"math"
	"slices"
	"sync"

	"petrify/internal/portable"
)

// doubles has room for the exponentials of a row.
var doubles = sync.Pool{New: func() any { return new([]float64) }}

// rowOfDoubles is n of them, in room that goes back to the pool.
func rowOfDoubles(n int) (room *[]float64, row []float64) {
	room = doubles.Get().(*[]float64)
	*room = slices.Grow((*room)[:0], n)[:n]
	return room, *room
}

// SoftmaxRows is y = eˣ/Σ eˣ of each row of channels, in float64.
func SoftmaxRows(y, x []float32, channels int) {
	checkLen("SoftmaxRows", "y", len(y), len(x))
	rowBlocks(len(x)/channels, channels, func(from, to int) {
		room, e := rowOfDoubles(channels)
		defer doubles.Put(room)
		for lo := from * channels; lo < to*channels; lo += channels {
			top, sum := math.Inf(-1), 0.0
			for _, v := range x[lo : lo+channels] {
				top = max(top, float64(v))
			}
			exponentials(e, x[lo:lo+channels], top)
			for _, v := range e {
				sum += v
			}
			for i, v := range e {
				y[lo+i] = float32(v / sum)
			}
		}
	})
}

// SoftmaxCrossEntropy is the mean cross-entropy of n rows of logits against
// their labels, its gradient, and how many rows have their greatest logit (the
// first, among equals) at the label:
//
//	p[i,k] = exp(l[i,k]) / Σ exp(l[i,·])
//	loss = −(1/m) Σ ln p[i, label[i]]    dlogits[i,k] = (p[i,k] − 1{k = label[i]}) / m
//
// m is the number of rows whose label is not −1. A row with label −1 pads the
// batch: it has zero gradient and is not counted. Exponentials are taken of l −
// max l, in float64. dlogits may be nil if only loss and correct are wanted.
// With m = 0 the loss is 0.
func SoftmaxCrossEntropy(dlogits, logits []float32, labels []int32, n, classes int) (loss float64, correct int) {
	checkLen("SoftmaxCrossEntropy", "logits", len(logits), n*classes)
	checkLen("SoftmaxCrossEntropy", "labels", len(labels), n)
	if dlogits != nil {
		checkLen("SoftmaxCrossEntropy", "dlogits", len(dlogits), n*classes)
	}
	m := 0
	for _, label := range labels {
		if label >= int32(classes) || label < -1 {
			panic("kernel: SoftmaxCrossEntropy: label out of range")
		}
		if label >= 0 {
			m++
		}
	}
	room, e := rowOfDoubles(classes)
	defer doubles.Put(room)
	for i, label := range labels {
		row, d := logits[i*classes:(i+1)*classes], []float32(nil)
		if dlogits != nil {
			d = dlogits[i*classes : (i+1)*classes]
		}
		if label < 0 {
			clear(d)
			continue
		}
		l, best := softmaxRow(d, e, row, int(label), float64(m))
		loss += l
		if best == int(label) {
			correct++
		}
	}
	return loss / float64(max(1, m)), correct
}

// softmaxRow returns −ln p[label] and the index of the first maximum, and
// fills d (if not nil) with the gradient divided by m. e is room for a row.
func softmaxRow(d []float32, e []float64, row []float32, label int, m float64) (loss float64, best int) {
	for k, v := range row {
		if v > row[best] {
			best = k
		}
	}
	top, sum := float64(row[best]), 0.0
	exponentials(e, row, top)
	for _, v := range e {
		sum += v
	}
	loss = portable.Log(sum) - (float64(row[label]) - top)
	if d == nil {
		return loss, best
	}
	for k := range row {
		p := e[k] / sum
		if k == label {
			p--
		}
		d[k] = float32(p / m)
	}
	return loss, best
}
