package carray

import (
	"math/rand/v2"
	"testing"

	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// overlap reports whether two tensors share a byte while both live.
func overlap(a, b *tensor) bool {
	return a.meets(b) && a.offset < b.offset+b.size && b.offset < a.offset+a.size
}

// mustBePlanned checks the laws of a plan: nothing that lives overlaps, and the
// arena is as long as the furthest tensor reaches.
func mustBePlanned(t *testing.T, tensors []*tensor, length int) {
	t.Helper()
	end := 0
	for i, a := range tensors {
		end = max(end, a.offset+a.size)
		if a.offset < 0 || a.size == 0 && a.wide == 0 {
			t.Errorf("tensor of %d bytes at %d", a.size, a.offset)
		}
		for _, b := range tensors[:i] {
			if overlap(a, b) {
				t.Errorf("tensors of %d bytes at %d and of %d at %d live together", a.size, a.offset, b.size, b.offset)
			}
		}
	}
	if end != length {
		t.Errorf("the arena has %d bytes, tensors end at %d", length, end)
	}
}

// live is the sum of tensors that live in a step, by definition.
func live(tensors []*tensor, step int) int {
	sum := 0
	for _, t := range tensors {
		if t.first <= step && step <= t.last {
			sum += t.size
		}
	}
	return sum
}

// TestChainsPingPong: where each layer reads the one before it, the arena is the
// greatest sum of two neighbours.
func TestChainsPingPong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var tensors []*tensor
		want := 0
		for i := range 2 + rng.IntN(12) {
			tensors = append(tensors, &tensor{size: 1 + rng.IntN(1000), first: i, last: i + 1})
			if i > 0 {
				want = max(want, tensors[i-1].size+tensors[i].size)
			}
		}
		length, _ := plan(tensors)
		mustBePlanned(t, tensors, length)
		if length != want {
			t.Errorf("%d bytes, want %d", length, want)
		}
	}
}

// TestPlanOfAnything: the laws hold for any lives, and few plans take more than
// the greatest sum of the tensors alive in a step.
func TestPlanOfAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const rounds = 500
	above := 0
	for range rounds {
		var tensors []*tensor
		for range 1 + rng.IntN(20) {
			first := rng.IntN(20)
			tensors = append(tensors, &tensor{size: 1 + rng.IntN(64), first: first, last: first + rng.IntN(6)})
		}
		length, _ := plan(tensors)
		least := 0
		mustBePlanned(t, tensors, length)
		for step := range 30 {
			least = max(least, live(tensors, step))
		}
		if got := floor(tensors, (*tensor).most); got != least {
			t.Fatalf("floor: %d, want %d", got, least)
		}
		if length > least {
			above++
		}
	}
	if above > rounds/20 {
		t.Errorf("%d of %d plans take more than what lives at a time", above, rounds)
	}
}

// TestNetworksTakeTheFloor: networks take no more than lives at a time, and the
// kernels read nothing that another has written over.
func TestNetworksTakeTheFloor(t *testing.T) {
	for name, build := range map[string]func(*rand.Rand, quantizedtest.Scheme) (*quantizedtest.Builder,
		*quantized.Model){
		"ResNet-8": quantizedtest.ResNet8, "DS-CNN": quantizedtest.DSCNN, "MobileNetV1": quantizedtest.MobileNet,
		"autoencoder": quantizedtest.Autoencoder,
	} {
		_, m := build(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8)
		l, err := lower(m, Options{Name: "x", Requantization: integer.Gemmlowp})
		if err != nil {
			t.Fatal(err)
		}
		mustBePlanned(t, l.tensors, l.arena)
		if want := floor(l.tensors, func(t *tensor) int { return t.size }); l.arena != want {
			t.Errorf("%s: %d bytes of arena, %d live at a time", name, l.arena, want)
		}
		if want := floor(l.tensors, (*tensor).most); l.fourArena != want {
			t.Errorf("%s: %d bytes of arena for four places, %d live at a time", name, l.fourArena, want)
		}
	}
	for seed := range uint64(200) {
		_, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 1)), quantizedtest.W8A8Affine, 9)
		l, err := lower(m, Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		mustBePlanned(t, l.tensors, l.arena)
		for i, s := range l.steps {
			for _, u := range s.tensors {
				if u.place == arena && (i < u.first || i > u.last) {
					t.Errorf("seed %d: step %d uses a tensor that lives from %d to %d", seed, i, u.first, u.last)
				}
			}
		}
	}
}

// TestWiderScratch: tensors that are wider on some processors meet no other there, nor elsewhere, and as a rule only
// those processors pay for it.
func TestWiderScratch(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	above, rounds := 0, 500
	for range rounds {
		var tensors []*tensor
		for range 1 + rng.IntN(12) {
			first := rng.IntN(12)
			tensors = append(tensors, &tensor{size: 1 + rng.IntN(64), first: first, last: first + rng.IntN(4)})
		}
		for i := range 12 {
			if rng.IntN(3) == 0 {
				tensors = append(tensors, &tensor{size: rng.IntN(8), wide: 1 + rng.IntN(99), first: i, last: i})
			}
		}
		narrow, wide := plan(tensors)
		for _, of := range []struct {
			length int
			size   func(*tensor) int
		}{{narrow, func(t *tensor) int { return t.size }}, {wide, (*tensor).most}} {
			var there []*tensor
			for _, u := range tensors {
				if c := *u; of.size(u) > 0 {
					c.size, c.wide = of.size(u), 0
					there = append(there, &c)
				}
			}
			mustBePlanned(t, there, of.length)
			if of.length > floor(there, (*tensor).most) {
				above++
			}
		}
	}
	if above > rounds {
		t.Errorf("%d of %d lengths are above what lives at a time", above, 2*rounds)
	}
}

// TestScratchAboveTheLargest: a pool leaves its output above the largest tensor; scratch that is wider on some
// processors would come above that, if it were not for another order.
func TestScratchAboveTheLargest(t *testing.T) {
	length, wide := plan([]*tensor{{size: 1024, first: 0, last: 1}, {size: 256, first: 1, last: 2},
		{size: 512, first: 2, last: 3}, {size: 288, wide: 1155, first: 2, last: 2}})
	if length != 1024+256 || wide != 256+512+1155 {
		t.Errorf("%d bytes, %d with four places, want %d and %d", length, wide, 1024+256, 256+512+1155)
	}
}

// TestSumsTakeAnInputsPlace: the second of two sums, and functions, write where
// an input was that nothing reads any more.
func TestSumsTakeAnInputsPlace(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 8, 8)
	x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
	y := b.Add(x, b.Conv(x, 3, quantizedtest.Same(3), 1, quantized.Identity),
		quantized.Identity) // takes the place of x or the other
	y = b.Activate(y, quantized.Sigmoid) // of the sum
	m := b.Model(b.Linear(b.Flatten(y), 3, quantized.Identity))
	l, err := lower(m, Options{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*3*8*8 + 2*3*9; l.arena != want { // and copies of two windows
		t.Errorf("%d bytes of arena, want those of two images and two windows, %d", l.arena, want)
	}
	if want := 2*3*8*8 + widened(3*9, 3); l.fourArena != want {
		t.Errorf("%d bytes of arena, want those of two images and four windows, %d", l.fourArena, want)
	}
}
