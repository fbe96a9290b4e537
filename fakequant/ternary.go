package fakequant

// ternaryThreshold is Δ in units of E|x|.
const ternaryThreshold = 0.7

// newTernary gives each weight one of three values:
//
//	y  = s·q        q = −1, 0, 1 as x < −Δ, |x| ≤ Δ, x > Δ
//	Δ  = 0.7·E|x|   s = the mean of |x| over |x| > Δ, of each group
//	dx = dy
//
// Δ is that of the present weights, also after s has come to rest.
//
// Source: F. Li, B. Zhang and B. Liu, "Ternary Weight Networks",
// arXiv:1605.04711, eqs. 3–6.
func newTernary(c *core) method { return newLevels(c, ternaryThreshold) }

// newLearnedTernary is the same with a scale that learns, see [learnedLevels].
func newLearnedTernary(c *core) method { return newLearnedLevels(c, ternaryThreshold) }
