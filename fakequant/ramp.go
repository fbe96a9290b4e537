package fakequant

import "fmt"

// Ramp introduces the rounding gradually or late. In training step t, counting
// from 0 those with rounding on,
//
//	y  = x + λ·(fake(x) − x)        λ = 1 − ((Finish − t)/(Finish − Start))³
//	dx = dy + λ·(dfake(x) − dy)
//
// between Start and Finish, with λ = 0 before and 1 after; Start = Finish is a
// delay. The zero Ramp is none. Evaluation always rounds in full, so that it
// shows what the frozen network will do.
//
// Source: QKeras's quantization noise ("qnoise_factor") and its schedule.
type Ramp struct{ Start, Finish int }

// blend is λ.
func (r Ramp) blend(t int64) float32 {
	switch {
	case t >= int64(r.Finish):
		return 1
	case t <= int64(r.Start):
		return 0
	}
	left := float64(int64(r.Finish)-t) / float64(r.Finish-r.Start)
	return float32(1 - float64(left*left*left))
}

func (r Ramp) validate() error {
	if r.Start < 0 || r.Finish < r.Start {
		return fmt.Errorf("fakequant: ramp from step %d to %d: want 0 ≤ start ≤ finish", r.Start, r.Finish)
	}
	return nil
}

// mixInto is y ← x + λ·(y − x).
func mixInto(y, x []float32, λ float32) {
	for i, r := range x {
		y[i] = r + float32(λ*(y[i]-r))
	}
}
