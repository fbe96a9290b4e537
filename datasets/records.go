package datasets

// recordLayout describes a file of fixed-size records: one label byte, then
// the pixels plane by plane, C H W. CIFAR-10 has this format, and the embedded
// digits have it too.
type recordLayout struct {
	shape   [3]int
	classes int
}

// size is the number of bytes of a record.
func (l recordLayout) size() int { return 1 + l.shape[0]*l.shape[1]*l.shape[2] }

// readRecords reads a whole file of records and turns planes into channels
// last.
func readRecords(in *input, l recordLayout) (*Split, error) {
	data, err := in.all()
	if err != nil {
		return nil, err
	}
	size := l.size()
	n := len(data) / size
	if n == 0 || len(data)%size != 0 {
		return nil, in.errorf("truncated: %d bytes, want a multiple of %d", len(data), size)
	}
	if err := in.hold(int64(len(data))); err != nil {
		return nil, in.errorf("%w", err)
	}
	pixels := size - 1
	split := &Split{Images: make([]uint8, n*pixels), Labels: make([]int32, n)}
	for i := range n {
		record := data[i*size : (i+1)*size]
		if int(record[0]) >= l.classes {
			return nil, in.errorAt(int64(i*size), "label %d out of range 0..%d", record[0], l.classes-1)
		}
		split.Labels[i] = int32(record[0])
		channelsLast(split.Images[i*pixels:(i+1)*pixels], record[1:], l.shape)
	}
	return split, nil
}

// channelsLast copies an image from C H W to H W C.
func channelsLast[T uint8 | float32](dst, src []T, shape [3]int) {
	c, hw := shape[0], shape[1]*shape[2]
	for k := range c {
		for i, p := range src[k*hw : (k+1)*hw] {
			dst[i*c+k] = p
		}
	}
}
