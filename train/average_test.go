package train

import (
	"math"
	"testing"

	"petrify/graph"
)

func TestAverageAgainstTheEquation(t *testing.T) {
	for _, steps := range []int{1, 3, 200} {
		p, start := randomParam(graph.RoleWeight, 5)
		a := newAverage(0.9, []*graph.Param{p})
		want := append([]float64(nil), start...)
		for step := 1; step <= steps; step++ {
			d := math.Min(0.9, float64(1+step)/float64(10+step))
			for i := range p.Value {
				p.Value[i] = float32(math.Sin(float64(i + step)))
				want[i] = d*want[i] + (1-d)*math.Sin(float64(i+step))
			}
			a.update(step)
		}
		a.adopt()
		for i := range want {
			if math.Abs(float64(p.Value[i])-want[i]) > 1e-6 {
				t.Errorf("weight %d after %d steps: %v, want %v", i, steps, p.Value[i], want[i])
			}
		}
	}
}

func TestClip(t *testing.T) {
	gradients := func() []*graph.Param {
		return []*graph.Param{{Grad: []float32{3, 0}}, {}, {Grad: []float32{0, -4}}} // of norm 5; one has none
	}
	for _, c := range []struct {
		name  string
		limit float64
		want  float32 // the gradient that was 3
	}{
		{"above the norm", 6, 3}, {"at the norm", 5, 3}, {"below", 2.5, 1.5}, {"far below", 5e-6, 3e-6},
	} {
		p := gradients()
		clip(p, c.limit)
		if got, other := p[0].Grad[0], p[2].Grad[1]; got != c.want ||
			math.Abs(float64(other+c.want*4/3)) > 1e-6*float64(c.want) {
			t.Errorf("%s: limit %v: gradients %v and %v, want %v and %v", c.name, c.limit, got, other, c.want,
				-c.want*4/3)
		}
	}
}

// A stage ends with the averages, and the last line of the metrics is theirs.
func TestStageEndsWithItsAverage(t *testing.T) {
	c := small(t)
	c.Float.Average, c.QAT.Average = 0.95, 0.95
	averaged := mustRun(t, c)
	if averaged.Float.Accuracy < 0.85 || averaged.QAT.Accuracy < averaged.Float.Accuracy-0.04 {
		t.Errorf("float %v, QAT %v", averaged.Float, averaged.QAT)
	}
	c.QAT.Epochs = 0 // evaluates what the float stage left, once more
	if again := mustRun(t, c); again.Float != averaged.Float || again.PTQ != averaged.PTQ {
		t.Errorf("the averaged network evaluates to %v, recorded as %v", again.Float, averaged.Float)
	}
	c.Float.Average = 0
	if plain := mustRun(t, c); plain.Float == averaged.Float {
		t.Error("the average has no effect")
	}
}
