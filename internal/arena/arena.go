// Package arena plans where tensors lie in memory that they share.
package arena

import (
	"cmp"
	"slices"
)

// Piece is a piece of memory of Size units that is alive from step First to step Last, both
// included.
type Piece struct {
	Size, First, Last int
	Offset            int // what [Plan] finds
}

// Meets reports whether the pieces are alive at the same time.
func (p *Piece) Meets(q *Piece) bool { return p.First <= q.Last && q.First <= p.Last }

// Overlaps reports whether the pieces have units in common.
func (p *Piece) Overlaps(q *Piece) bool {
	return p.Offset < q.Offset+q.Size && q.Offset < p.Offset+p.Size
}

// Plan gives every piece an offset so that no two that are alive at the same time overlap, and
// returns the arena's length. The largest is placed first, each as low as possible.
//
// Source: Y. Pisarchyk, J. Lee, "Efficient Memory Management for Deep Neural Net Inference",
// MLSys workshop 2020, section 5.
func Plan(pieces []*Piece) (length int) {
	order := slices.SortedStableFunc(slices.Values(pieces), func(a, b *Piece) int { return cmp.Compare(b.Size, a.Size) })
	var placed []*Piece // by offset
	for _, p := range order {
		p.Offset = 0
		for _, q := range placed {
			if !p.Meets(q) {
				continue
			}
			if p.Offset+p.Size <= q.Offset {
				break
			}
			p.Offset = max(p.Offset, q.Offset+q.Size)
		}
		at, _ := slices.BinarySearchFunc(placed, p, func(a, b *Piece) int { return cmp.Compare(a.Offset, b.Offset) })
		placed = slices.Insert(placed, at, p)
		length = max(length, p.Offset+p.Size)
	}
	return length
}
