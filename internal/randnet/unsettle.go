package randnet

import (
	"math/rand/v2"
	"strings"

	"petrify/graph"
)

// Unsettle gives batch norms parameters and statistics as if they had been
// trained, since new ones are all 0 and 1. Channels may be dead: γ = 0.
func Unsettle(m *graph.Model, rng *rand.Rand, dead bool) {
	for _, p := range m.Params() {
		for i := range p.Value {
			switch p.Role {
			case graph.RoleScale:
				p.Value[i] = 0.5 + float32(rng.Float32())
				switch n := rng.IntN(40); {
				case dead && n == 0:
					p.Value[i] = 0
				case n < 10:
					p.Value[i] *= -1
				}
			case graph.RoleShift:
				p.Value[i] = float32(rng.NormFloat64()) / 2
			}
		}
	}
	for _, s := range m.State() {
		for i := range s.F32 {
			switch {
			case strings.HasSuffix(s.Name, ".running_mean"):
				s.F32[i] = float32(rng.NormFloat64()) / 4
			case strings.HasSuffix(s.Name, ".running_var"):
				s.F32[i] = 0.3 + float32(rng.Float32())
			}
		}
	}
}
