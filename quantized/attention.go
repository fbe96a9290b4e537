package quantized

import "fmt"

// checkAttention checks heads and factor.
func checkAttention(n *Node) error {
	switch {
	case n.Op != AttentionScores && (n.Heads != 0 || n.Factor != 0):
		return fmt.Errorf("%v has neither heads nor a factor, got %d and %v", n.Op, n.Heads, n.Factor)
	case n.Op != AttentionScores:
		return nil
	case n.Heads < 1:
		return fmt.Errorf("%d heads: want 1 or more", n.Heads)
	case !positive(n.Factor) || n.Factor < minScale:
		return fmt.Errorf("factor %v: want a finite number of at least 2⁻¹²⁶", n.Factor)
	}
	return nil
}

// attentionShape is the shape of the products of two activations in each head.
func (n *Node) attentionShape(a, b []int) ([]int, error) {
	if len(a) != 3 || len(b) != 3 || b[1] != 1 {
		return nil, fmt.Errorf("inputs of shapes %v and %v: want images, the second of height 1", a, b)
	}
	if n.Op == AttentionScores {
		if a[1] != 1 || a[0] != b[0] || n.Heads < 1 || a[0]%n.Heads != 0 {
			return nil, fmt.Errorf("queries of shape %v and keys of shape %v in %d heads: want D 1 Q and D 1 K, and "+
				"heads that divide D", a, b, n.Heads)
		}
		return []int{b[2], n.Heads, a[2]}, nil
	}
	if a[0] != b[2] || b[0]%a[1] != 0 {
		return nil, fmt.Errorf("shares of shape %v and values of shape %v: want K heads Q and D 1 K, and heads that "+
			"divide D", a, b)
	}
	return []int{b[0], 1, a[2]}, nil
}

// attentionBounds is the least and greatest sum of products of a, whose integers less
// their zero point are lo..hi, and of b.
func (n *Node) attentionBounds(a, b Activation, lo, hi int64) (least, greatest int64) {
	terms := int64(a.Shape[0])
	if n.Op == AttentionScores {
		terms /= int64(n.Heads)
	}
	q := b.Quant
	low, high := int64(q.Format.Min()-q.Zero), int64(q.Format.Max()-q.Zero)
	return terms * min(lo*high, hi*low, lo*low, hi*high), terms * max(lo*low, hi*high, lo*high, hi*low)
}
