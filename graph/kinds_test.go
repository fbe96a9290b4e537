package graph

import (
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/quantized"
)

// Otherwise an incomplete row would be found only when a user's network has the
// layer.
func TestEveryKindIsWhole(t *testing.T) {
	known := map[string]bool{}
	for _, k := range Kinds() {
		r := rows[k]
		trains := r.train != nil || k.is(roleProduct, roleNorm)
		switch {
		case r.name == "" || known[r.name]:
			t.Errorf("kind %d: the name %q is empty or another's", k, r.name)
		case r.role == 0 || !trains:
			t.Errorf("%v: no role, or no training step", k)
		case (r.function != quantized.Identity) != (r.op == quantized.Activate):
			t.Errorf("%v: freezes to %v", k, r.op)
		}
		known[r.name] = true
	}
	for _, f := range quantized.Funcs()[1:] {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.function == f }) {
			t.Errorf("no kind has the function %v", f)
		}
	}
}

// If a sigmoid shares a grid with an activation that exceeds 1, the grid covers
// both, whichever comes first.
func TestSharedGridsCoverAllThatShareThem(t *testing.T) {
	for _, c := range []struct {
		a, b   Layer
		lo, hi float32 // 0, 0: observed
	}{
		{Sigmoid(), ReLU(), 0, 0}, {ReLU(), Sigmoid(), 0, 0}, {Tanh(), LeakyReLU(0.1), 0, 0},
		{Sigmoid(), Tanh(), -127. / 128, 127. / 128}, {Tanh(), Sigmoid(), -127. / 128, 127. / 128},
		{Sigmoid(), Sigmoid(), 0, 255. / 256},
	} {
		n := Chain(Conv2D(3, 1).Named("c"), c.a.Named("a"), Conv2D(3, 1).Taking("c"), c.b.Named("b"),
			Concat("a", "b"), Flatten(), Linear(2))
		units := unitsOf(t, n)
		for _, g := range Uniform(fakequant.Int8()).place(units) {
			if !slices.ContainsFunc(g.members, func(u *unit) bool { return u.name() == "a" }) {
				continue
			}
			o := g.config.Observer
			if g.given != (c.hi != 0) || o.Min != c.lo || o.Max != c.hi {
				t.Errorf("%v and %v share a grid from %v to %v, given: %v", c.a.Kind, c.b.Kind, o.Min, o.Max, g.given)
			}
		}
	}
}

// A clip is never negative if its lower bound is not, and its integers have no sign
// then.
func TestClipsFromZeroAreUnsigned(t *testing.T) {
	for _, c := range []struct {
		layer    Layer
		unsigned bool
	}{{Clip(0, 1), true}, {Clip(0.5, Unbounded), true}, {Clip(-1, 1), false}, {Clip(-Unbounded, 2), false}} {
		units := unitsOf(t, Chain(Conv2D(3, 1), c.layer.Named("clip"), Flatten(), Linear(2)))
		for _, g := range Uniform(fakequant.Int8()).place(units) {
			clips := slices.ContainsFunc(g.members, func(u *unit) bool { return u.name() == "clip" })
			if clips && g.config.Format.Unsigned != c.unsigned {
				t.Errorf("from %v to %v: %v", c.layer.Min, c.layer.Max, g.config.Format)
			}
		}
	}
}

// The end of a network is an edge, a softmax that closes it included.
func TestClosingSoftmaxIsAnEdge(t *testing.T) {
	q := Uniform(fakequant.Bits(4))
	q.EdgeBits = 8
	units := unitsOf(t, Chain(Conv2D(3, 1), ReLU(), Flatten(), Linear(4), ReLU(), Linear(2).Named("logits"),
		Softmax().Named("end")))
	bits := map[string]int{}
	for _, g := range q.place(units) {
		for _, u := range g.members {
			bits[u.name()] = g.config.Format.Bits
			if u.name() == "end" && g.config.Observer.Max != 255./256 {
				t.Errorf("the softmax's range ends at %v, want 255/256", g.config.Observer.Max)
			}
		}
	}
	for name, want := range map[string]int{"conv2d_1": 4, "linear_1": 8, "logits": 8, "end": 8} {
		if bits[name] != want {
			t.Errorf("%s has %d bits, want %d", name, bits[name], want)
		}
	}
}

func unitsOf(t *testing.T, n Network) []*unit {
	t.Helper()
	layers, err := n.connect(Shape{C: 2, H: 3, W: 3})
	if err != nil {
		t.Fatal(err)
	}
	return fuse(layers)
}
