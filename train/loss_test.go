package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// oracleLoss is the loss of one sample, written from the definitions in float64: y its
// outputs, t its targets or z a teacher's outputs, c its class.
func oracleLoss(o *objective, y, t []float64, c int) (loss float64) {
	n := float64(len(y))
	σ := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	sum := 0.0
	for _, v := range y {
		sum += math.Exp(v)
	}
	for k := range y {
		switch o.Loss {
		case SoftmaxCrossEntropy, Focal:
			p := math.Exp(y[k]) / sum
			if k == c {
				loss -= math.Pow(1-p, map[bool]float64{true: o.Gamma}[o.Loss == Focal]) * math.Log(p)
			}
		case BinaryCrossEntropy:
			t := t[k]*(1-o.smoothing) + o.smoothing/2
			loss -= (t*math.Log(σ(y[k])) + (1-t)*math.Log(1-σ(y[k]))) / n
		default:
			e := math.Abs(y[k]-t[k]) / o.units[k]
			switch {
			case o.Loss == Squared:
				loss += e * e / n
			case o.Loss == Absolute:
				loss += e / n
			case e <= o.Delta:
				loss += e * e / 2 / n
			default:
				loss += o.Delta * (e - o.Delta/2) / n
			}
		}
	}
	return loss
}

// oracleTeach is the part of a teacher's outputs z.
func oracleTeach(o *objective, y, z []float64) (loss float64) {
	if o.Loss >= Squared {
		return oracleLoss(o, y, z, 0)
	}
	σ := func(v float64) float64 { return 1 / (1 + math.Exp(-v/o.Temperature)) }
	for k := range y {
		p, q := σ(z[k]), σ(y[k])
		loss += (p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))) / float64(len(y))
	}
	return loss * o.Temperature * o.Temperature
}

// TestEveryLossAndItsGradient compares each loss, with and without weights, smoothing and
// a teacher, with its definition, and its gradient with the definition's differences.
func TestEveryLossAndItsGradient(t *testing.T) {
	const n, outputs = 5, 4
	rng := rand.New(rand.NewPCG(3, 4))
	draw := func(scale float64) (x32 []float32, x []float64) {
		for range n * outputs {
			v := float32(scale * rng.NormFloat64())
			x32, x = append(x32, v), append(x, float64(v))
		}
		return x32, x
	}
	labels := []int32{2, 0, -1, 3, 1}
	y32, y := draw(2)
	z32, z := draw(2)
	t32, targets := draw(2)
	marks32, marks := draw(1)
	for i := range marks {
		marks[i] = float64(i * i % 2)
		marks32[i] = float32(marks[i])
	}
	for _, o := range []*objective{
		{Objective: Objective{Loss: SoftmaxCrossEntropy, ClassWeights: []float32{1, 2, 0.5, 3}}},
		{Objective: Objective{Loss: Focal, Gamma: 2}},
		{Objective: Objective{Loss: Focal, Gamma: 0.5, ClassWeights: []float32{1, 2, 0.5, 3}}},
		{Objective: Objective{Loss: BinaryCrossEntropy}},
		{Objective: Objective{Loss: BinaryCrossEntropy}, smoothing: 0.1},
		{Objective: Objective{Loss: BinaryCrossEntropy}, Distillation: Distillation{0.4, 2}},
		{Objective: Objective{Loss: Squared}},
		{Objective: Objective{Loss: Absolute}},
		{Objective: Objective{Loss: Huber, Delta: 0.7}},
		{Objective: Objective{Loss: Squared}, Distillation: Distillation{0.3, 0}},
		{Objective: Objective{Loss: Huber, Delta: 0.2}, Distillation: Distillation{1, 0}},
	} {
		t.Run(fmt.Sprintf("%v %v %v", o.Objective, o.smoothing, o.Distillation), func(t *testing.T) {
			o.units, o.targets, o.teacher = []float64{1, 0.5, 4, 2}, t32, z32
			is := targets
			if o.Loss == BinaryCrossEntropy {
				o.targets, is = marks32, marks
			}
			of := func(y []float64) (loss float64) {
				all := 0.0
				for i, c := range labels {
					if c < 0 {
						continue
					}
					row, w := y[i*outputs:(i+1)*outputs], o.weight(truth{label: int(c)})
					all += w
					loss += w * (1 - o.Weight) * oracleLoss(o, row, is[i*outputs:], int(c))
					if o.Weight > 0 {
						loss += w * o.Weight * oracleTeach(o, row, z[i*outputs:])
					}
				}
				return loss / all
			}
			dy := slices.Repeat([]float32{9}, len(y)) // which the loss has to overwrite
			loss, _ := o.loss(dy, y32, labels)
			if want := of(y); math.Abs(loss-want) > 1e-6*max(1, want) {
				t.Errorf("loss %v, want %v", loss, want)
			}
			for i := range y {
				const h = 1e-6
				moved := slices.Clone(y)
				moved[i] += h
				up := of(moved)
				moved[i] -= 2 * h
				if want := (up - of(moved)) / (2 * h); math.Abs(float64(dy[i])-want) > 1e-6 {
					t.Errorf("gradient %d: %v, central difference %v", i, dy[i], want)
				}
			}
			if allocs := testing.AllocsPerRun(10, func() { o.loss(dy, y32, labels) }); allocs > 0 {
				t.Errorf("%v allocations a batch", allocs)
			}
		})
	}
}

// TestLossesFarOut: outputs that are certain give finite losses and slopes.
func TestLossesFarOut(t *testing.T) {
	for kind := SoftmaxCrossEntropy; kind <= Huber; kind++ {
		for _, far := range []float32{-1e4, 1e4} {
			o := &objective{Objective: Objective{Loss: kind}.resolve(), targets: []float32{0, 1},
				units: []float64{1, 1}}
			dy := make([]float32, 2)
			loss, _ := o.loss(dy, []float32{far, -far}, []int32{1})
			if sum := loss + float64(dy[0]) + float64(dy[1]); sum-sum != 0 {
				t.Errorf("%v at %v: loss %v, gradient %v", kind, far, loss, dy)
			}
		}
	}
}
