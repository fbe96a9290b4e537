package fakequant

import "petrify/internal/kernel"

const sumBlock = 1 << 14 // elements that are added one after the other

// sum adds up, for each group, the width numbers that f gives for each block
// of at most sumBlock elements of the group. Blocks run in parallel and are
// added in order, so the sums do not depend on the number of processors.
func (c *core) sum(buffer *[]float64, n, width int, f func(out []float64, i, from, to int)) []float64 {
	outer, inner, _ := c.layout.Blocks(n)
	perRun := (inner + sumBlock - 1) / sumBlock
	blocks := outer * c.layout.N * perRun
	if need := (blocks + c.layout.N) * width; cap(*buffer) < need {
		*buffer = make([]float64, need)
	}
	sums := (*buffer)[:c.layout.N*width]
	parts := (*buffer)[c.layout.N*width : (c.layout.N+blocks)*width]
	clear(sums)
	clear(parts)
	kernel.Parallel(blocks, func(b int) {
		run, part := b/perRun, b%perRun
		from := run*inner + part*sumBlock
		f(parts[b*width:(b+1)*width], run%c.layout.N, from, min(from+sumBlock, (run+1)*inner))
	})
	for b := range blocks {
		for k := range width {
			sums[(b/perRun%c.layout.N)*width+k] += parts[b*width+k]
		}
	}
	return sums
}
