package kernel

import "sync"

// vectors is memory for a kernel's constants of each channel, reused from call
// to call.
type vectors struct {
	all  []float32
	c    int
	used int
}

// maxVectors is how many vectors a kernel needs at most.
const maxVectors = 4

var vectorPool = sync.Pool{New: func() any { return new(vectors) }}

// newVectors returns memory for vectors of c channels; done releases it.
func newVectors(c int) *vectors {
	v := vectorPool.Get().(*vectors)
	if cap(v.all) < maxVectors*c {
		v.all = make([]float32, maxVectors*c)
	}
	v.all, v.c, v.used = v.all[:maxVectors*c], c, 0
	return v
}

// next is a vector of undefined values.
func (v *vectors) next() []float32 {
	from := v.used * v.c
	v.used++
	return v.all[from : from+v.c : from+v.c]
}

// fill is a vector of one value.
func (v *vectors) fill(value float32) []float32 {
	next := v.next()
	for j := range next {
		next[j] = value
	}
	return next
}

func (v *vectors) done() { vectorPool.Put(v) }
