package arena

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Pieces that are alive at the same time lie apart, and the arena ends where the highest does.
func TestPiecesThatMeetLieApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		pieces := make([]*Piece, 1+rng.IntN(40))
		end, all := 0, 0
		for i := range pieces {
			first := rng.IntN(30)
			pieces[i] = &Piece{Size: 1 + rng.IntN(9), First: first, Last: first + rng.IntN(8)}
			all += pieces[i].Size
		}
		length := Plan(pieces)
		for i, p := range pieces {
			end = max(end, p.Offset+p.Size)
			for _, q := range pieces[:i] {
				if p.Meets(q) && p.Overlaps(q) {
					t.Fatalf("%+v and %+v overlap", *p, *q)
				}
			}
		}
		if length != end || length > all {
			t.Fatalf("%d pieces of %d units: length %d, the highest ends at %d", len(pieces), all, length, end)
		}
	}
}

// Two that never meet share a place; a third in the middle lies above both.
func TestMemoryIsTakenAgain(t *testing.T) {
	pieces := []*Piece{{Size: 4, First: 0, Last: 1}, {Size: 3, First: 1, Last: 2}, {Size: 4, First: 2, Last: 3}}
	if n := Plan(pieces); n != 7 {
		t.Errorf("length %d, want 7", n)
	}
	if got := []int{pieces[0].Offset, pieces[1].Offset, pieces[2].Offset}; !slices.Equal(got, []int{0, 4, 0}) {
		t.Errorf("offsets %v, want 0, 4, 0", got)
	}
}
