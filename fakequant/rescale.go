package fakequant

import (
	"math"

	"petrify/fakequant/affine"
)

// FollowFactors says that the tensor's channels along axis 0 are multiplied by factors
// before they are quantized, of which factor returns the present ones. What q
// learns then follows the factors: it is learned in multiples of their magnitudes,
//
//	fake(f·w; |f|·s) = f·fake(w; s)    up to the rounding of float32
//
// so that a step that changes f changes no integer. So does the grid of a method that
// rounds w itself ([Traits]). There is no effect on others, or if one scale spans several
// channels.
func (q *Quantizer) FollowFactors(channels int, factor func(channel int) float32) {
	_, learns := q.method.(scaler)
	if (learns || q.cfg.Method.Traits().Unfolded) && channels > 0 && q.layout.N%channels == 0 {
		q.channels, q.factor = channels, factor
	}
}

// FollowsFactors reports whether what q learns follows factors.
func (q *Quantizer) FollowsFactors() bool { return q.factor != nil }

// follow updates the units.
func (q *Quantizer) follow() {
	for i := range q.unit {
		if q.factor != nil {
			q.unit[i] = float32(math.Abs(float64(q.factor(i / (q.layout.N / q.channels)))))
		}
	}
}

// Rescale multiplies the scales along axis 0 by factors greater than 0, one for
// each channel, so that weights whose channels are multiplied by the same
// factors keep their integers. It reports false, and changes nothing, if the
// scales cannot follow: if one scale spans several channels, is a power of two,
// or is not simply a learned or an observed number. Scales that follow factors by
// themselves are left alone.
//
// If the observer is on, the next tensor overrides this.
func (q *Quantizer) Rescale(factors []float32) bool {
	q.settle()
	n, c := q.layout.N, len(factors)
	if !q.ready || c == 0 || n%c != 0 || q.cfg.Scheme != affine.Symmetric && q.cfg.Scheme != affine.Affine {
		return false
	}
	if q.FollowsFactors() {
		return true
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
