package datasets

import "math"

// measure returns mean and population standard deviation per channel. Bytes are
// summed as integers, which is exact; values in float64, in two passes and in
// order. So the result depends only on the data. A constant channel gets
// deviation 1 and is mapped to zero.
func measure(p *Split, channels, size int, scale float32) (mean, std []float32) {
	m, v := make([]float64, channels), make([]float64, channels) // means and variances
	if p.Images != nil {
		measureBytes(p, size, m, v)
	} else {
		measureValues(p, size, m, v)
	}
	mean, std = make([]float32, channels), make([]float32, channels)
	for c := range channels {
		mean[c] = float32(m[c] * float64(scale))
		std[c] = float32(math.Sqrt(v[c]) * float64(scale))
		if std[c] == 0 {
			std[c] = 1
		}
	}
	return mean, std
}

func measureBytes(p *Split, size int, mean, variance []float64) {
	channels := len(mean)
	sums, squares := make([]uint64, channels), make([]uint64, channels)
	for i := range p.Len() {
		x := p.pixels(i, size)
		for c := range channels {
			var sum, square uint64
			for j := c; j < size; j += channels {
				v := uint64(x[j])
				sum += v
				square += v * v
			}
			sums[c] += sum
			squares[c] += square
		}
	}
	n := float64(p.Len() * (size / channels))
	for c := range channels {
		mean[c] = float64(sums[c]) / n
		variance[c] = max(float64(squares[c])/n-float64(mean[c]*mean[c]), 0)
	}
}

func measureValues(p *Split, size int, mean, variance []float64) {
	n := float64(p.Len() * (size / len(mean)))
	for i := range p.Len() {
		x := p.values(i, size)
		for len(x) > 0 {
			for c := range mean {
				mean[c] += float64(x[c])
			}
			x = x[len(mean):]
		}
	}
	for c := range mean {
		mean[c] /= n
	}
	for i := range p.Len() {
		x := p.values(i, size)
		for len(x) > 0 {
			for c := range variance {
				d := float64(x[c]) - mean[c]
				variance[c] += float64(d * d)
			}
			x = x[len(mean):]
		}
	}
	for c := range variance {
		variance[c] /= n
	}
}
