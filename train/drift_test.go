package train

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// The shares are those of a count that remembers all integers that were.
func TestDriftCountsWhatMoved(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	w := &quantized.Weights{Shape: []int{1, 500}, Format: affine.Int8Narrow, Scale: []float32{1}, Q: make([]int8, 500)}
	draw := func() {
		for i := range w.Q {
			if rng.IntN(3) == 0 {
				w.Q[i] = int8(rng.IntN(255) - 127)
			}
		}
	}
	draw()
	history := [][]int8{append([]int8(nil), w.Q...)}
	m := &quantized.Model{Nodes: []quantized.Node{{Name: "flat"}, {Name: "fc", Weights: w}}}
	drifts := newDrifts(m)
	if len(drifts) != 1 || drifts[0].tensor != "fc.weight" {
		t.Fatalf("it follows %v", drifts)
	}
	for epoch := range 20 {
		if epoch%5 != 4 { // sometimes nothing moves
			draw()
		}
		history = append(history, append([]int8(nil), w.Q...))
		moved, turned := drifts[0].follow(w)
		wantMoved, wantTurned := counted(history)
		if difference := moved - float64(wantMoved)/500; difference > 1e-9 || difference < -1e-9 {
			t.Errorf("epoch %d: moved %v, want %d of 500", epoch, moved, wantMoved)
		}
		if difference := turned - float64(wantTurned)/500; difference > 1e-9 || difference < -1e-9 {
			t.Errorf("epoch %d: turned %v, want %d of 500", epoch, turned, wantTurned)
		}
	}
}

// counted looks back for the last change of each weight that has just moved.
func counted(history [][]int8) (moved, turned int) {
	end := len(history) - 1
	for i := range history[0] {
		change := int(history[end][i]) - int(history[end-1][i])
		if change == 0 {
			continue
		}
		moved++
		for k := end - 1; k > 0; k-- {
			if before := int(history[k][i]) - int(history[k-1][i]); before != 0 {
				if before*change < 0 {
					turned++
				}
				break
			}
		}
	}
	return moved, turned
}

// The lines of a run have the shares, of weights only.
func TestSurveysSayWhatMoved(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	c.QAT.Epochs = 4
	mustRun(t, c)
	moved, turned := 0.0, 0.0
	for _, s := range surveyed(t, c.Out) {
		for _, f := range s.Fits {
			epoch := s.Stage == QAT && !s.End && strings.HasSuffix(f.Tensor, ".weight")
			if (f.Moved > 0 || f.Turned > 0) && !epoch {
				t.Errorf("%v end=%v: %+v", s.Stage, s.End, f)
			}
			if f.Turned > f.Moved {
				t.Errorf("%s: %v turned of %v that moved", f.Tensor, f.Turned, f.Moved)
			}
			moved, turned = moved+f.Moved, turned+f.Turned
		}
	}
	if moved == 0 || turned == 0 {
		t.Errorf("%v moved and %v turned in all", moved, turned)
	}
}
