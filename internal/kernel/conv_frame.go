package kernel

// A frame is an H×W×C image within a border of zeros.
type frame struct {
	h, w, c                  int
	top, left, bottom, right int
}

func (f frame) height() int { return f.top + f.h + f.bottom }
func (f frame) row() int    { return (f.left + f.w + f.right) * f.c }
func (f frame) size() int   { return f.height() * f.row() }
func (f frame) bare() bool  { return f.top|f.left|f.bottom|f.right == 0 }

// around returns the image within its border, written to buf, or the image
// itself if there is no border.
func (f frame) around(image, buf []float32) []float32 {
	if f.bare() {
		return image
	}
	buf = buf[:f.size()]
	row, width, left := f.row(), f.w*f.c, f.left*f.c
	clear(buf[:f.top*row])
	for i := range f.h {
		r := buf[(f.top+i)*row:][:row]
		clear(r[:left])
		copy(r[left:], image[i*width:][:width])
		clear(r[left+width:])
	}
	clear(buf[(f.top+f.h)*row:])
	return buf
}
