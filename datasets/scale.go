package datasets

import "image"

// scale resizes a picture. Each new pixel is the mean of the area it covers,
// which neither skips pixels when shrinking nor rings when enlarging.
func scale(src *image.RGBA, size [2]int) *image.RGBA {
	h, w := src.Rect.Dy(), src.Rect.Dx()
	dst := image.NewRGBA(image.Rect(0, 0, size[1], size[0]))
	rows, cols := covers(size[0], h), covers(size[1], w)
	for i, r := range rows {
		for j, q := range cols {
			var sum [4]float64
			var total float64
			for y := r.from; y < r.to; y++ {
				for x := q.from; x < q.to; x++ {
					k := float64(r.weight(y) * q.weight(x))
					total += k
					for c, p := range src.Pix[y*src.Stride+4*x:][:4] {
						sum[c] += float64(k * float64(p))
					}
				}
			}
			for c := range sum {
				dst.Pix[i*dst.Stride+4*j+c] = uint8(sum[c]/total + 0.5)
			}
		}
	}
	return dst
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
