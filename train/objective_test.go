package train

import (
	"math"
	"math/rand/v2"
	"testing"
)

// oracle is the loss of a batch, written from the definitions in float64.
func oracleObjective(y, z []float64, labels []int32, ε, α, T float64) float64 {
	classes, count, loss := len(y)/len(labels), 0, 0.0
	distribution := func(x []float64, T float64) []float64 {
		p, sum := make([]float64, len(x)), 0.0
		for k := range x {
			p[k] = math.Exp(x[k] / T)
			sum += p[k]
		}
		for k := range p {
			p[k] /= sum
		}
		return p
	}
	for n, label := range labels {
		if label < 0 {
			continue
		}
		count++
		student, teacher := y[n*classes:(n+1)*classes], z[n*classes:(n+1)*classes]
		plain, q, p := distribution(student, 1), distribution(student, T), distribution(teacher, T)
		for k := range student {
			t := ε / float64(classes)
			if k == int(label) {
				t += 1 - ε
			}
			loss -= (1 - α) * t * math.Log(plain[k])
			loss += α * T * T * p[k] * math.Log(p[k]/q[k])
		}
	}
	return loss / float64(count)
}

func TestObjectiveAndItsGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := []int32{3, -1, 0, 4}
	y, z := make([]float64, 20), make([]float64, 20)
	student, teacher := make([]float32, 20), make([]float32, 20)
	for i := range y {
		student[i], teacher[i] = float32(3*rng.NormFloat64()), float32(3*rng.NormFloat64())
		y[i], z[i] = float64(student[i]), float64(teacher[i])
	}
	for _, c := range []struct {
		name    string
		ε, α, T float64
	}{
		{"plain", 0, 0, 1}, {"smoothed", 0.1, 0, 1},
		{"distilled", 0, 0.7, 4}, {"both", 0.2, 0.3, 2}, {"the teacher alone", 0, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &objective{Objective: Objective{Loss: SoftmaxCrossEntropy}, smoothing: c.ε,
				Distillation: Distillation{c.α, c.T}, teacher: teacher}
			dy := make([]float32, 20)
			loss, _ := o.loss(dy, student, labels)
			if want := oracleObjective(y, z, labels, c.ε, c.α, c.T); math.Abs(loss-want) > 1e-12 {
				t.Errorf("loss %v, want %v", loss, want)
			}
			for i := range y {
				const h = 1e-5
				at := func(v float64) float64 {
					moved := append([]float64(nil), y...)
					moved[i] = v
					return oracleObjective(moved, z, labels, c.ε, c.α, c.T)
				}
				want := (at(y[i]+h) - at(y[i]-h)) / (2 * h)
				if math.Abs(float64(dy[i])-want) > 1e-7 {
					t.Errorf("gradient %d: %v, central difference %v", i, dy[i], want)
				}
			}
			if allocs := testing.AllocsPerRun(10, func() { o.loss(dy, student, labels) }); allocs > 0 {
				t.Errorf("%v allocations a batch", allocs)
			}
		})
	}
}

func TestObjectiveCountsTheFirstGreatest(t *testing.T) {
	o := &objective{Objective: Objective{Loss: SoftmaxCrossEntropy}}
	y := []float32{2, 2, 1 /**/, 0, 3, 3 /**/, 9, 0, 0}
	_, correct := o.loss(make([]float32, 9), y, []int32{0, 2, -1})
	if correct != 1 {
		t.Errorf("%d correct, want 1: the tie goes to the first, and a row without label does not count", correct)
	}
}

func TestDistillationComesNearTheTeacher(t *testing.T) {
	c := small(t)
	c.QAT.Epochs = 4
	plain := mustRun(t, c)
	c.Distillation = Distillation{Weight: 1}
	taught := mustRun(t, c)
	last := func(r *Result) float64 { return r.Records[len(r.Records)-1].Train.Loss }
	if last(taught) > 0.1 || last(taught) >= last(plain) {
		t.Errorf("divergence from the teacher %v (cross-entropy without one: %v): want near 0", last(taught),
			last(plain))
	}
	if taught.QAT.Accuracy < taught.Float.Accuracy-0.04 {
		t.Errorf("QAT accuracy %v, float %v", taught.QAT.Accuracy, taught.Float.Accuracy)
	}
	if taught.Float != plain.Float {
		t.Error("distillation changes the float stage")
	}
}

func TestSmoothingHasAFloor(t *testing.T) {
	c := small(t)
	c.Float.Epochs, c.QAT.Epochs, c.Float.Smoothing = 6, 0, 0.3
	smoothed := mustRun(t, c)
	// H is at least the entropy of the smoothed labels.
	const hit, miss = 0.7 + 0.03, 0.03
	floor := -hit*math.Log(hit) - 9*miss*math.Log(miss)
	if got := smoothed.Records[5].Train.Loss; got < floor {
		t.Errorf("training loss %v is below the entropy %v of the labels", got, floor)
	}
	if smoothed.Float.Accuracy < 0.85 {
		t.Errorf("accuracy %v", smoothed.Float.Accuracy)
	}
}
