package kernel

// Scratch is a kernel's working memory: packed weights, padded images, partial
// sums. The zero value is ready. It grows to the needs of its largest call and
// is reused, so an operator that keeps one allocates only in its first step. A
// Scratch serves one call at a time.
type Scratch struct {
	shared *Buffers // nil: the scratch's own
	own    Buffers

	// How the last geometry becomes tiles.
	forward, backward plan
	gradient          gradient
}

// Buffers is the memory of scratches of which only one is in use at a time. The zero
// value is ready.
type Buffers struct {
	packed  []float32 // one operand in the order the inner loop reads it
	padded  []float32 // images within their borders, one per task
	partial []float32 // sums of each slice of a reduction
}

// Scratch is one that uses these buffers.
func (b *Buffers) Scratch() *Scratch { return &Scratch{shared: b} }

func (s *Scratch) buffers() *Buffers {
	if s.shared != nil {
		return s.shared
	}
	return &s.own
}

// grown returns buf with length n, its contents undefined.
func grown(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		*buf = make([]float32, n)
	}
	*buf = (*buf)[:n]
	return *buf
}
