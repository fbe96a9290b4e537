package repair

// steps is a row whose integers go up and down, one at a time. A step of d, with δ =
// −d·s what it adds to the error e, changes the row's error by
//
//	(e + δᵢ)·H·(e + δᵢ)ᵀ − e·H·eᵀ = 2·δᵢ·(e·H)ᵢ + δᵢ²·Hᵢᵢ
//
// and two at once by 2·δᵢ·δⱼ·Hᵢⱼ more than the sum of theirs.
type steps struct {
	*Problem
	q              []int32
	scale, e, pull []float64 // pull is e·H
}

func (p *Problem) steps(r int, q []int32) *steps {
	n := p.Cols
	s := &steps{Problem: p, q: q, e: make([]float64, n), pull: make([]float64, n)}
	var zero []float64
	s.scale, zero = p.Grid.row(r, n)
	for c, v := range q {
		s.e[c] = p.Weights[r*n+c] - float64(s.scale[c]*(float64(v)-zero[c]))
		add(s.pull, s.e[c], p.Moments[c*n:(c+1)*n])
	}
	return s
}

// gain is what a step adds to the row's error.
func (s *steps) gain(c int, d int32) float64 {
	δ := -float64(d) * s.scale[c]
	return float64(δ * (2*s.pull[c] + float64(δ*s.Moments[c*s.Cols+c])))
}

// take makes a step.
func (s *steps) take(c int, d int32) {
	s.q[c] += d
	add(s.pull, -float64(d)*s.scale[c], s.Moments[c*s.Cols:(c+1)*s.Cols])
}

// passes over a row that improve makes at most.
const passes = 10

// improve takes one or two steps at a time in row r: for each weight in turn the step,
// alone or with another one, that lowers the error most.
func (p *Problem) improve(r int, q []int32) {
	s := p.steps(r, q)
	least := 1e-9 * quadratic(p.Moments, s.e)
	for range passes {
		changed := false
		for i := range q {
			for _, d := range []int32{1, -1} {
				if v := float64(q[i] + d); v >= p.Grid.Min && v <= p.Grid.Max && s.pair(i, d, least) {
					changed = true
				}
			}
		}
		if !changed {
			return
		}
	}
}

// pair takes a step, and the other one that goes with it best, if the error falls by more
// than the least.
func (s *steps) pair(i int, d int32, least float64) bool {
	own := s.gain(i, d)
	best, with, other := own, i, int32(0)
	for j := range s.q {
		// After the step, the pull of j decides which way it would go.
		cross := float64(-float64(d) * s.scale[i] * s.Moments[i*s.Cols+j])
		way := int32(1)
		if s.pull[j]+cross < 0 {
			way = -1
		}
		v := float64(s.q[j] + way)
		if j == i || v < s.Grid.Min || v > s.Grid.Max {
			continue
		}
		if sum := own + s.gain(j, way) - float64(2*float64(way)*s.scale[j]*cross); sum < best {
			best, with, other = sum, j, way
		}
	}
	if !(best < -least) {
		return false
	}
	s.take(i, d)
	if with != i {
		s.take(with, other)
	}
	return true
}
