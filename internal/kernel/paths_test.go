package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// everyPath runs f once for each of the paths, without VNNI and with it.
func everyPath(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, way := range ways() {
		if !slices.Contains(paths(), way.set) {
			continue
		}
		t.Run(way.String(), func(t *testing.T) { way.run(func() { f(t) }) })
	}
}

// ways are the paths this processor and this build have, without VNNI and with
// it; avxvnni in each encoding of its instruction that the processor has.
func ways() (all []features) {
	has := detected()
	for _, s := range has.set.paths() {
		all = append(all, features{set: s})
		if s == avx2 && has.avxVNNI {
			all = append(all, features{set: s, avxVNNI: true})
		}
		if s == avx2 && has.vnni {
			all = append(all, features{set: s, vnni: true})
		}
	}
	if has.vnni {
		all = append(all, features{set: avx512, vnni: true})
	}
	return all
}

func (way features) String() string {
	switch {
	case way.avxVNNI:
		return avxVNNI
	case way.vnni:
		return way.set.String() + "-vnni"
	}
	return way.set.String()
}

// run calls f on the path.
func (way features) run(f func()) {
	oldPath, oldVNNI, oldEVEX := path, vnni, evex
	defer func() { path, vnni, evex = oldPath, oldVNNI, oldEVEX }()
	path, vnni, evex = way.set, way.vnni || way.avxVNNI, way.set == avx2 && way.vnni
	f()
}

// fenced is a slice between guard elements that no kernel may change.
type fenced[T comparable] struct {
	all   []T
	guard T
}

const fenceWidth = 40

func newFenced[T comparable](n int, guard T, fill func(i int) T) fenced[T] {
	f := fenced[T]{make([]T, n+2*fenceWidth), guard}
	for i := range f.all {
		f.all[i] = guard
	}
	if fill != nil {
		for i := range f.slice() {
			f.slice()[i] = fill(i)
		}
	}
	return f
}

func (f fenced[T]) slice() []T {
	end := len(f.all) - fenceWidth
	return f.all[fenceWidth:end:end]
}

func (f fenced[T]) check(t *testing.T, name string) {
	t.Helper()
	end := len(f.all) - fenceWidth
	for i, v := range f.all {
		if (i < fenceWidth || i >= end) && v != f.guard {
			t.Errorf("%s: element %d outside the slice was written: %v", name, i-fenceWidth, v)
			return
		}
	}
}

// out is room for n float32 results between guards.
func out(n int) fenced[float32] { return newFenced[float32](n, 12345, nil) }

// in is n normal random numbers between guards that would spoil a sum.
func in(n int, r *rand.Rand) fenced[float32] {
	return newFenced(n, 1e30, func(int) float32 { return float32(r.NormFloat64()) })
}

var specials = []float32{
	float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)),
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-40,
	0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 127, 127.4, 127.5, 128, -127.5, -128, -128.5, -128.6, 254.5, 255.5, 1e10, -1e10, 6,
}

// wild is in with special values strewn in.
func wild(n int, r *rand.Rand) fenced[float32] {
	return newFenced(n, 1e30, func(int) float32 {
		switch r.IntN(4) {
		case 0:
			return specials[r.IntN(len(specials))]
		case 1:
			return float32(r.IntN(600)-300) / 2
		default:
			return float32(r.NormFloat64() * 60)
		}
	})
}

// lengths are all short lengths of a vector, others around every unroll, and
// one over a block.
var lengths = func() (all []int) {
	for n := range 68 {
		all = append(all, n)
	}
	return append(all, 95, 96, 97, 127, 128, 129, 255, 256, 257, 1000, block+77)
}()

// sameBits fails unless got and want are the same to the last bit; any NaN
// equals any other.
func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Errorf("%s[%d] = %v (%#x), want %v (%#x)", name, i, got[i], math.Float32bits(got[i]), want[i],
				math.Float32bits(want[i]))
			return
		}
	}
}

// closeTo fails unless |got − want| ≤ tol·(scale + |want|) throughout.
func closeTo(t *testing.T, name string, got []float32, want []float64, tol, scale float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tol*(scale+math.Abs(w))) {
			t.Errorf("%s[%d] = %v, want %v", name, i, got[i], w)
			return
		}
	}
}

func random(seed ...uint64) *rand.Rand {
	a, b := uint64(1), uint64(2)
	if len(seed) > 0 {
		a = seed[0]
	}
	return rand.New(rand.NewPCG(a, b))
}

// throughput reports GB/s for a benchmark that moves bytes an iteration.
func throughput(b *testing.B, bytes int) {
	b.ReportMetric(float64(bytes)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GB/s")
}

func label(parts ...any) string { return fmt.Sprint(parts...) }
