package datasets

// scale resizes a picture. Each new pixel is the mean of the area it covers,
// which neither skips pixels when shrinking nor rings when enlarging.
func (r raster) scale(size [2]int) raster {
	s := raster{size[0], size[1], r.bits, r.turned, make([]uint16, 0, 3*size[0]*size[1])}
	rows, cols := covers(s.h, r.h), covers(s.w, r.w)
	for _, p := range rows {
		for _, q := range cols {
			var sum [3]float64
			var total float64
			for y := p.from; y < p.to; y++ {
				for x := q.from; x < q.to; x++ {
					k := float64(p.weight(y) * q.weight(x))
					total += k
					for c, v := range r.pix[3*(y*r.w+x):][:3] {
						sum[c] += float64(k * float64(v))
					}
				}
			}
			for c := range sum {
				s.pix = append(s.pix, uint16(sum[c]/total+0.5))
			}
		}
	}
	return s
}

// cover is the stretch [lo, hi) of source pixels under one new pixel.
type cover struct {
	lo, hi   float64
	from, to int
}

func (c cover) weight(i int) float64 {
	return min(c.hi, float64(i+1)) - max(c.lo, float64(i))
}

func covers(n, source int) []cover {
	list := make([]cover, n)
	for i := range list {
		lo, hi := float64(i*source)/float64(n), float64((i+1)*source)/float64(n)
		to := int(hi)
		if float64(to) < hi {
			to++
		}
		list[i] = cover{lo, hi, int(lo), min(to, source)}
	}
	return list
}
