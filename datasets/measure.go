package datasets

import (
	"math"
	"slices"
)

// channel is what the training split shows of one.
type channel struct {
	least, greatest, mean, variance float64

	fractions bool // some value is not whole
}

// measure returns each channel's extent, mean and population variance. Bytes
// are summed as integers, which is exact; values in float64, in two passes and
// in order. So the result depends only on the data.
func measure(p *Split, channels, size int) []channel {
	x := make([]channel, channels)
	if p.Images != nil {
		measureBytes(p, size, x)
	} else {
		measureValues(p, size, x)
	}
	return x
}

// moments are the mean and standard deviation of values times scale. A constant
// channel gets deviation 1 and is mapped to zero.
func moments(x []channel, scale float32) (mean, std []float32) {
	mean, std = make([]float32, len(x)), make([]float32, len(x))
	for c := range x {
		mean[c] = float32(x[c].mean * float64(scale))
		std[c] = float32(math.Sqrt(x[c].variance) * float64(scale))
		if std[c] == 0 {
			std[c] = 1
		}
	}
	return mean, std
}

func measureBytes(p *Split, size int, x []channel) {
	channels := len(x)
	sums, squares := make([]uint64, channels), make([]uint64, channels)
	least, greatest := slices.Repeat([]uint8{math.MaxUint8}, channels), make([]uint8, channels)
	for i := range p.Len() {
		p.prefetch(i+ahead, size)
		image := p.pixels(i, size)
		for c := range channels {
			var sum, square uint64
			low, high := least[c], greatest[c]
			for j := c; j < size; j += channels {
				v := uint64(image[j])
				sum += v
				square += v * v
				low, high = min(low, image[j]), max(high, image[j])
			}
			sums[c] += sum
			squares[c] += square
			least[c], greatest[c] = low, high
		}
	}
	n := float64(p.Len() * (size / channels))
	for c := range x {
		mean := float64(sums[c]) / n
		x[c] = channel{float64(least[c]), float64(greatest[c]), mean,
			max(float64(squares[c])/n-float64(mean*mean), 0), false}
	}
}

func measureValues(p *Split, size int, x []channel) {
	n := float64(p.Len() * (size / len(x)))
	for c := range x {
		x[c] = channel{least: math.Inf(1), greatest: math.Inf(-1)}
	}
	for i := range p.Len() {
		p.prefetch(i+ahead, size)
		values := p.values(i, size)
		for len(values) > 0 {
			for c := range x {
				v := float64(values[c])
				x[c].mean += v
				x[c].fractions = x[c].fractions || v != math.Trunc(v)
				if v < x[c].least {
					x[c].least = v
				}
				if v > x[c].greatest {
					x[c].greatest = v
				}
			}
			values = values[len(x):]
		}
	}
	for c := range x {
		x[c].mean /= n
	}
	for i := range p.Len() {
		p.prefetch(i+ahead, size)
		values := p.values(i, size)
		for len(values) > 0 {
			for c := range x {
				d := float64(values[c]) - x[c].mean
				x[c].variance += float64(d * d)
			}
			values = values[len(x):]
		}
	}
	for c := range x {
		x[c].variance /= n
	}
}
