package graph

import (
	"math"

	"petrify/internal/kernel"
)

// correction is what [FoldBatch] adds to batch normalisation: the statistics
// of the batch are those of the product p of the float weights, and the
// product x of the folded, quantized weights is carried from the running
// deviation to the batch's:
//
//	z = a·(x − μ_B·f) + β        a = σ_running/σ_B        μ_B, σ_B² + ε of p
//
// which with f = γ/σ_running is a·x + β − γ·μ_B/σ_B, the correction of
// Krishnamoorthi, “Quantizing deep convolutional networks for efficient
// inference: A whitepaper”, 2018, section 3.2.2. The quantized weights depend
// only on the running statistics and stay the same between batches; what
// depends on the batch is outside their rounding. γ acts only through f.
//
// With S = Σ dz·(x − μ_B·f), over the N rows of p,
//
//	dx = a·dz        df = −a·μ_B·Σ dz        dp = −a/N·(f·Σ dz + S·(p − μ_B)/σ_B²)
//
// A normalisation at rest needs no p: its gradient is 0, and its product is not
// computed.
type correction struct {
	mean, variance, inv []float32 // of p, and 1/σ_B
	slope, offset, ones []float32 // dp = slope·(p − mean) + offset
}

func newCorrection(channels int) *correction {
	k := &correction{}
	for _, vector := range []*[]float32{&k.mean, &k.variance, &k.inv, &k.slope, &k.offset, &k.ones} {
		*vector = make([]float32, channels)
	}
	for i := range k.ones {
		k.ones[i] = 1
	}
	return k
}

// normaliseCorrected takes the statistics of p.
func (op *normOp) normaliseCorrected(p, f []float32) {
	k := op.correct
	kernel.BatchNormStats(kernel.Moments{Mean: k.mean, Variance: k.variance}, p)
	for i := range op.c {
		mean, variance := float64(k.mean[i]), float64(k.variance[i])
		inv := 1 / math.Sqrt(variance+op.epsilon)
		k.inv[i] = float32(inv)
		op.mean[i], op.inv[i], op.gain[i] = float32(mean*float64(f[i])), 1, float32(op.sigma(i)*inv)
		op.move(i, mean, op.unbiased(variance))
	}
}

// finishCorrected computes df and the constants of dp from dγ = S and dβ.
func (op *normOp) finishCorrected(f []float32) {
	k, rows := op.correct, float64(op.rows)
	for i := range op.c {
		a, inv, sum := float64(op.gain[i]), float64(k.inv[i]), float64(op.dbeta[i])
		k.slope[i] = float32(-a / rows * inv * inv * float64(op.dgamma[i]))
		k.offset[i] = float32(-a / rows * float64(f[i]) * sum)
		op.df[i] = float32(-a * float64(k.mean[i]) * sum)
		op.dgamma[i] = 0
	}
}

// grad computes dp, after dx. While the normalisation is at rest, p and all
// nodes that read dp are idle.
func (k *correction) grad(dp, p []float32) {
	line := kernel.Norm{Mean: k.mean, InvStd: k.ones, Gamma: k.slope, Beta: k.offset}
	kernel.BatchNormForward(dp, p, line, false)
}
