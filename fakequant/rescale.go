package fakequant

import "petrify/fakequant/affine"

// Rescale multiplies the scales along axis 0 by factors greater than 0, one for
// each channel, so that weights whose channels are multiplied by the same
// factors keep their integers. It reports false, and changes nothing, if the
// scales cannot follow: if one scale spans several channels, is a power of two,
// or is not simply a learned or an observed number.
//
// If the observer is on, the next tensor overrides this.
func (q *Quantizer) Rescale(factors []float32) bool {
	q.settle()
	n, c := q.layout.N, len(factors)
	if !q.ready || c == 0 || n%c != 0 || q.cfg.Scheme != affine.Symmetric && q.cfg.Scheme != affine.Affine {
		return false
	}
	learned, sets := q.method.(scaler)
	if t := q.cfg.Method.Traits(); t.OwnGrid || t.Learns && !sets {
		return false
	}
	least := affine.MinScale
	for i, s := range q.Scale {
		s = max(s*factors[i/(n/c)], min(s, least))
		q.Scale[i] = s
		if sets {
			learned.setScale(i, s)
		}
	}
	return true
}
