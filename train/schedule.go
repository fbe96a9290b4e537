package train

import (
	"fmt"

	"petrify/internal/portable"
)

// Shape names the curve of a learning rate.
type Shape uint8

// The shapes. T is the number of steps after warm-up, t counts them from 0.
const (
	// Cosine falls along half a cosine: f = final + (1 − final)·(1 + cos(π·t/T))/2.
	// Source: I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with
	// Warm Restarts", ICLR 2017, equation 5, without restarts.
	Cosine Shape = iota
	// Constant stays: f = 1.
	Constant
	// Step drops by a factor γ at regular intervals: f = γ^⌊t/every⌋.
	Step
	// OneCycle rises along half a cosine from 1/25 to 1 during the first 30 %,
	// then falls along half a cosine to 1/250,000. Source: L. N. Smith, N.
	// Topin, "Super-Convergence: Very Fast Training of Neural Networks Using
	// Large Learning Rates", 2019. The paper's lines are straight; most
	// implementations use cosines.
	OneCycle
)

var shapes = [...]string{"cosine", "constant", "step", "one_cycle"}

// String is "cosine", "constant", "step" or "one_cycle".
func (s Shape) String() string {
	if int(s) < len(shapes) {
		return shapes[s]
	}
	return fmt.Sprintf("Shape(%d)", uint8(s))
}

// MarshalText writes [Shape.String].
func (s Shape) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String writes.
func (s *Shape) UnmarshalText(text []byte) error {
	i, err := index(shapes[:], string(text))
	*s = Shape(i)
	return err
}

// index finds text among the names of an enumeration.
func index(names []string, text string) (int, error) {
	for i, name := range names {
		if name == text {
			return i, nil
		}
	}
	return 0, fmt.Errorf("train: %q: want one of %q", text, names)
}

// Schedule is a factor for a stage's learning rate. It is a pure function of
// the step.
type Schedule struct {
	Shape  Shape
	Warmup Span    // linear rise before the shape begins; unset: none
	Final  float64 // Cosine: the factor it ends at
	Every  Span    // Step: the distance between falls; unset: a third of what follows the warm-up
	Gamma  float64 // Step: the factor of a fall; 0 means 0.1
}

// At returns the factor at a step, counted from 0, of a stage with total
// steps, perEpoch to an epoch.
func (s Schedule) At(step, total, perEpoch int) float64 {
	warm := min(s.Warmup.Steps(perEpoch), total)
	if step < warm {
		return float64(step+1) / float64(warm)
	}
	t, T := step-warm, max(total-warm, 1)
	switch s.Shape {
	case Constant:
		return 1
	case Step:
		return s.stair(t, T, perEpoch)
	case OneCycle:
		return oneCycle(float64(t) / float64(T))
	case Cosine:
		return glide(1, s.Final, float64(t)/float64(T))
	}
	panic(fmt.Sprintf("train: no factors for %v", s.Shape))
}

func (s Schedule) stair(t, T, perEpoch int) float64 {
	every, gamma := s.Every.Steps(perEpoch), s.Gamma
	if s.Every.IsZero() {
		every = (T + 2) / 3
	}
	if gamma == 0 {
		gamma = 0.1
	}
	return portable.Power(gamma, t/max(every, 1))
}

// glide goes from a to b along half a cosine while x goes from 0 to 1.
func glide(a, b, x float64) float64 { return b + float64(float64((a-b)*(1+portable.CosPi(x)))/2) }

func oneCycle(x float64) float64 {
	const rise, first, last = 0.3, 1. / 25, 1. / 250_000
	if x < rise {
		return glide(first, 1, x/rise)
	}
	return glide(1, last, (x-rise)/(1-rise))
}

func (s Schedule) faults(f *Faults, path string, total, perEpoch int) {
	f.check(int(s.Shape) < len(shapes), path+".shape", "%d: want one of %q", uint8(s.Shape), shapes)
	f.check(s.Final >= 0 && s.Final <= 1, path+".final", "%v: want 0 to 1", s.Final)
	f.check(s.Final == 0 || s.Shape == Cosine, path+".final", "%v has no effect on shape %v: want cosine", s.Final,
		s.Shape)
	f.check(s.Gamma >= 0 && s.Gamma <= 1, path+".gamma", "%v: want 0 to 1", s.Gamma)
	f.check(s.Gamma == 0 || s.Shape == Step, path+".gamma", "%v has no effect on shape %v: want step", s.Gamma, s.Shape)
	f.check(s.Every.IsZero() || s.Shape == Step, path+".every", "%v has no effect on shape %v: want step", s.Every,
		s.Shape)
	if err := s.Every.Validate(); err != nil {
		f.add(path+".every", "%v", err)
	} else {
		f.check(s.Every.IsZero() || s.Every.Steps(max(perEpoch, 1)) > 0, path+".every", "%v: want 1 step or more",
			s.Every)
	}
	if err := s.Warmup.Validate(); err != nil {
		f.add(path+".warmup", "%v", err)
		return
	}
	warm := s.Warmup.Steps(perEpoch)
	f.check(warm == 0 || total == 0 || warm < total, path+".warmup",
		"%v is as long as the stage of %d steps: want less", s.Warmup, total)
}
