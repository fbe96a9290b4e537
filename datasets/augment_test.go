package datasets

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// picturesSet is a set of n random colour pictures.
func picturesSet(t testing.TB, n, h, w int) *Set {
	t.Helper()
	r := rand.New(rand.NewPCG(9, 0))
	split := &Split{Images: make([]uint8, n*h*w*3), Labels: make([]int32, n)}
	for i := range split.Images {
		split.Images[i] = uint8(r.UintN(256))
	}
	set, err := New(Set{Name: "pictures", Shape: [3]int{3, h, w}, Classes: []string{"a"}, Train: split, Test: split})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// ramp is an image of h×w whose pixel (i, j) is 100·i + j.
func ramp(h, w int) []float32 {
	x := make([]float32, h*w)
	for i := range x {
		x[i] = float32(100*(i/w) + i%w)
	}
	return x
}

// Every shift occurs, equally often within chance, and moves the whole image,
// repeating its edge.
func TestShift(t *testing.T) {
	const h, w, s, n = 5, 7, 2, 5000
	v := newVariation(Augment{Shift: s}, [3]int{1, h, w})
	count := map[[2]int]int{}
	for place := range uint64(n) {
		x := ramp(h, w)
		v.apply(x, 42, place)
		// The centre shows by how much the image moved.
		centre := int(x[(h/2)*w+w/2])
		dy, dx := h/2-centre/100, w/2-centre%100
		count[[2]int{dy, dx}]++
		for i := range h {
			for j := range w {
				want := float32(100*min(max(i-dy, 0), h-1) + min(max(j-dx, 0), w-1))
				if x[i*w+j] != want {
					t.Fatalf("moved by %d %d: pixel %d %d is %v, want %v", dy, dx, i, j, x[i*w+j], want)
				}
			}
		}
	}
	const kinds = (2*s + 1) * (2*s + 1)
	var chi2 float64
	for _, k := range count {
		d := float64(k) - n/kinds
		chi2 += d * d / (n / kinds)
	}
	// 24 degrees of freedom: beyond 52 once in a thousand seeds.
	if len(count) != kinds || chi2 > 52 {
		t.Errorf("%d different shifts, want %d; χ² = %.1f", len(count), kinds, chi2)
	}
}

func TestFlip(t *testing.T) {
	v := newVariation(Augment{Flip: true}, [3]int{2, 1, 3})
	flipped := 0
	for place := range uint64(1000) {
		x := []float32{1, -1, 2, -2, 3, -3}
		v.apply(x, 42, place)
		switch {
		case slices.Equal(x, []float32{3, -3, 2, -2, 1, -1}):
			flipped++
		case !slices.Equal(x, []float32{1, -1, 2, -2, 3, -3}):
			t.Fatalf("%v is neither the image nor its mirror image", x)
		}
	}
	if flipped < 430 || flipped > 570 {
		t.Errorf("%d of 1000 flipped", flipped)
	}
}

// On a linear ramp bilinear interpolation is exact: a crop is a straight line
// with slope 1−u, up to the clamped border.
func TestCrop(t *testing.T) {
	const side, crop = 16, 0.5
	v := newVariation(Augment{Crop: crop}, [3]int{1, side, side})
	steepest, flattest := 0.0, 2.0
	for place := range uint64(200) {
		x := ramp(side, side)
		v.apply(x, 42, place)
		slope := float64(x[8*side+8] - x[8*side+7])
		steepest, flattest = max(steepest, slope), min(flattest, slope)
		if slope < 1-crop-1e-3 || slope > 1+1e-3 {
			t.Fatalf("place %d: slope %v, want %v to 1", place, slope, 1-crop)
		}
		for j := 2; j < side-1; j++ {
			if d := float64(x[8*side+j] - x[8*side+j-1]); math.Abs(d-slope) > 1e-2 {
				t.Fatalf("place %d: slope %v at column %d, %v in the middle", place, d, j, slope)
			}
		}
		if lo, hi := slices.Min(x), slices.Max(x); lo < 0 || hi > 100*(side-1)+side-1 {
			t.Fatalf("place %d: values %v to %v, outside the image's", place, lo, hi)
		}
	}
	if steepest < 0.95 || flattest > 0.55 {
		t.Errorf("slopes %v to %v, want nearly all of %v to 1", flattest, steepest, 1-crop)
	}
}

func TestCutout(t *testing.T) {
	const h, w, side = 8, 9, 4
	v := newVariation(Augment{Cutout: side}, [3]int{1, h, w})
	sizes := map[int]bool{}
	for place := range uint64(2000) {
		x := make([]float32, h*w)
		for i := range x {
			x[i] = 1
		}
		v.apply(x, 42, place)
		top, left, bottom, right, zeros := h, w, -1, -1, 0
		for i, p := range x {
			if p == 0 {
				top, bottom = min(top, i/w), max(bottom, i/w)
				left, right = min(left, i%w), max(right, i%w)
				zeros++
			}
		}
		if zeros != (bottom-top+1)*(right-left+1) {
			t.Fatalf("place %d: the hole is not a rectangle: %v", place, x)
		}
		sizes[zeros] = true
	}
	if !sizes[side*side] || !sizes[2*2] || len(sizes) != 6 {
		t.Errorf("holes of %v pixels, want products of 2, 3 or 4 and 2, 3 or 4", sizes)
	}
}

// The same place of the same epoch varies in the same way; others do not.
func TestAugmentDependsOnSeedAndPlace(t *testing.T) {
	v := newVariation(Augment{Shift: 3, Flip: true, Crop: 0.5, Cutout: 3}, [3]int{1, 9, 9})
	run := func(seed, place uint64) []float32 {
		x := ramp(9, 9)
		v.apply(x, seed, place)
		return x
	}
	a := run(1, 1)
	if run(2, 1); !slices.Equal(a, run(1, 1)) {
		t.Error("the same seed and place vary in two ways")
	}
	if slices.Equal(a, run(1, 2)) || slices.Equal(a, run(2, 1)) {
		t.Error("another place or another seed varies in the same way")
	}
}

// Equal images vary differently at all places of an epoch, not only within a
// batch.
func TestAugmentVariesThroughTheEpoch(t *testing.T) {
	split := &Split{Labels: make([]int32, 40)}
	for range split.Labels {
		for i := range 16 * 16 {
			split.Images = append(split.Images, uint8(i))
		}
	}
	set, err := New(Set{Name: "equal", Shape: [3]int{1, 16, 16}, Train: split, Test: split})
	if err != nil {
		t.Fatal(err)
	}
	o := BatchOptions{Size: 4, Rand: rand.New(rand.NewPCG(1, 0)), Augment: Augment{Crop: 0.5}}
	seen := map[[256]float32]bool{}
	for range 2 {
		for b := range set.Batches(set.Train, o) {
			for i := range b.N {
				seen[[256]float32(b.X[256*i:])] = true
			}
		}
	}
	if len(seen) != 80 {
		t.Errorf("%d different images of 80", len(seen))
	}
}

// Batches do not depend on how many goroutines vary their images.
func TestAugmentedBatchesOnAnyNumberOfProcessors(t *testing.T) {
	set := picturesSet(t, 50, 9, 7)
	epoch := func(processors int) (images []float32) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		for b, err := range set.Batches(set.Train, BatchOptions{Size: 8, Rand: rand.New(rand.NewPCG(1, 2)),
			Augment: Augment{Shift: 3, Flip: true, Crop: 0.5, Cutout: 3}}) {
			if err != nil {
				t.Fatal(err)
			}
			images = append(images, b.X...)
		}
		return images
	}
	want := epoch(1)
	for _, processors := range []int{2, 3, 16} {
		if !slices.Equal(epoch(processors), want) {
			t.Errorf("%d processors: other batches than on one", processors)
		}
	}
}
