package integer

import "petrify/quantized"

// moving says which element of an image, H W C, each of the output's is.
type moving struct {
	image    int     // elements of the input
	pixels   []int32 // where each of the output's begins in the input
	channels []int32 // from there, of the output
}

// newMoving is that of a slice or a shuffle of images, or of vectors, of the given
// shape.
func newMoving(n *quantized.Node, shape []int) (m moving) {
	begin, in, out := [3]int{}, sizes(shape), sizes(n.Output.Shape)
	copy(begin[:], n.Begin)
	m.image = elements(shape)
	for i := range out[1] {
		for j := range out[2] {
			m.pixels = append(m.pixels, int32(((begin[1]+i)*in[2]+begin[2]+j)*in[0]))
		}
	}
	for k := range out[0] {
		from := begin[0] + k
		if n.Op == quantized.Shuffle {
			from = k%n.Groups*(in[0]/n.Groups) + k/n.Groups
		}
		m.channels = append(m.channels, int32(from))
	}
	return m
}

// moved writes the elements of the images x to y.
func moved[T uint8 | float32](y, x []T, m moving) {
	for ; len(x) > 0; x = x[m.image:] {
		for _, p := range m.pixels {
			for k, from := range m.channels {
				y[k] = x[p+from]
			}
			y = y[len(m.channels):]
		}
	}
}

// framing says where in an image, H W C, the input of a pad is.
type framing struct{ in, out, begin [3]int } // channels, rows, columns

func newFraming(n *quantized.Node, shape []int) (f framing) {
	f.in, f.out = sizes(shape), sizes(n.Output.Shape)
	copy(f.begin[:], n.Begin)
	return f
}

// framed writes the images x to y, with a value around them.
func framed[T uint8 | float32](y, x []T, f framing, value T) {
	for i := range y {
		y[i] = value
	}
	for row := 0; len(x) > 0; row++ {
		image, r := row/f.in[1], row%f.in[1]
		for column := range f.in[2] {
			to := ((image*f.out[1]+f.begin[1]+r)*f.out[2] + f.begin[2] + column) * f.out[0]
			copy(y[to+f.begin[0]:], x[:f.in[0]])
			x = x[f.in[0]:]
		}
	}
}

// sizes are those of an image, or of a vector as one of one pixel.
func sizes(shape []int) [3]int {
	all := [3]int{1, 1, 1}
	copy(all[:], shape)
	return all
}
