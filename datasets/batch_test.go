package datasets

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// numbersSet is a set of n images of one pixel, whose value tells which it is.
func numbersSet(t testing.TB, n, classes int) *Set {
	t.Helper()
	split := &Split{}
	for i := range n {
		split.Values = append(split.Values, float32(i))
		split.Labels = append(split.Labels, int32(i%classes))
	}
	names := make([]string, classes)
	set, err := New(Set{Name: "numbers", Shape: [3]int{1, 1, 1}, Classes: names, Train: split, Test: split,
		Mean: []float32{0}, Std: []float32{1}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// walk returns the images in the order of the batches.
func walk(t testing.TB, set *Set, o BatchOptions) (images []float32) {
	t.Helper()
	for b, err := range set.Batches(set.Train, o) {
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, b.X[:b.N]...)
	}
	return images
}

func TestBatchesInOrder(t *testing.T) {
	set := numbersSet(t, 10, 3)
	var sizes []int
	for b, err := range set.Batches(set.Test, BatchOptions{Size: 4}) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Index != len(sizes) {
			t.Errorf("batch %d says it is batch %d", len(sizes), b.Index)
		}
		sizes = append(sizes, b.N)
		for i := range 4 {
			x, label := float32(0), int32(-1)
			if at := 4*b.Index + i; at < 10 {
				x, label = float32(at), int32(at%3)
			}
			if b.X[i] != x || b.Labels[i] != label {
				t.Errorf("batch %d row %d: image %v label %d, want %v and %d", b.Index, i, b.X[i], b.Labels[i], x,
					label)
			}
		}
	}
	if want := []int{4, 4, 2}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %v, want %v", sizes, want)
	}
	if steps := set.Test.Steps(4); steps != 3 {
		t.Errorf("%d steps, want 3", steps)
	}
}

func TestBatchesShuffled(t *testing.T) {
	set := numbersSet(t, 100, 3)
	order := func(seed uint64) []float32 {
		return walk(t, set, BatchOptions{Size: 7, Rand: rand.New(rand.NewPCG(seed, 0))})
	}
	a := order(1)
	if !slices.Equal(a, order(1)) {
		t.Error("the same seed gives two orders")
	}
	if slices.Equal(a, order(2)) {
		t.Error("two seeds give the same order")
	}
	if slices.IsSorted(a) {
		t.Error("not shuffled")
	}
	slices.Sort(a)
	if want := walk(t, set, BatchOptions{Size: 1}); !slices.Equal(a, want) {
		t.Errorf("an epoch holds %v, want each image once", a)
	}
}

// An epoch that is interrupted at any batch and continued there with the
// generator's initial state equals an uninterrupted one, and so does the next
// epoch, with and without augmentation.
func TestBatchesResume(t *testing.T) {
	set := picturesSet(t, 23, 5, 6)
	for _, augment := range []Augment{{}, {Shift: 2, Flip: true, Crop: 0.3, Cutout: 2}} {
		o := BatchOptions{Size: 4, Augment: augment}
		o.Rand = rand.New(rand.NewPCG(3, 0))
		var want [][]float32
		for range 2 {
			for b := range set.Batches(set.Train, o) {
				want = append(want, slices.Clone(b.X))
			}
		}
		for skip := range set.Train.Steps(4) + 1 {
			o.Rand, o.Skip = rand.New(rand.NewPCG(3, 0)), skip
			got := slices.Clone(want[:skip])
			for b := range set.Batches(set.Train, o) {
				got = append(got, slices.Clone(b.X))
			}
			o.Skip = 0
			for b := range set.Batches(set.Train, o) {
				got = append(got, slices.Clone(b.X))
			}
			if !slices.EqualFunc(got, want, slices.Equal[[]float32]) {
				t.Errorf("augment %+v: resumed at batch %d, other batches follow", augment, skip)
			}
		}
	}
}

func TestBatchesBalanced(t *testing.T) {
	// Class 0 has 80 images, class 1 has 17, class 2 none, class 3 has 3.
	set := numbersSet(t, 100, 4)
	for i := range set.Train.Labels {
		switch {
		case i < 80:
			set.Train.Labels[i] = 0
		case i < 97:
			set.Train.Labels[i] = 1
		default:
			set.Train.Labels[i] = 3
		}
	}
	images := walk(t, set, BatchOptions{Size: 9, Balanced: true, Rand: rand.New(rand.NewPCG(1, 0))})
	count, times := map[int32]int{}, map[float32]int{}
	for _, x := range images {
		count[set.Train.Labels[int(x)]]++
		times[x]++
	}
	if len(images) != 100 {
		t.Errorf("an epoch of %d images, want 100", len(images))
	}
	for _, class := range []int32{0, 1, 3} {
		if n := count[class]; n != 33 && n != 34 {
			t.Errorf("class %d comes %d times, want 33 or 34", class, n)
		}
	}
	leftOut := 0
	for x := range 33 {
		if times[float32(x)] == 0 {
			leftOut++
		}
	}
	if leftOut == 0 {
		t.Error("of the frequent class the first images come, want random ones")
	}
	for x, n := range times {
		most := map[int32]int{0: 1, 1: 2, 3: 12}[set.Train.Labels[int(x)]]
		if n > most || n < most-1 {
			t.Errorf("image %v comes %d times, want %d or %d", x, n, most-1, most)
		}
	}
}

// The table's results against the definition in float64.
func TestNormalisation(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	set := picturesSet(t, 50, 3, 3)
	for range 20 {
		set.Train.Images[r.IntN(len(set.Train.Images))] = 255
	}
	set, err := New(Set{Name: "x", Shape: set.Shape, Classes: set.Classes, Train: set.Train, Test: set.Test})
	if err != nil {
		t.Fatal(err)
	}
	var mean, std [3]float64
	for i, p := range set.Train.Images {
		mean[i%3] += float64(p) / 255 / 450
	}
	for i, p := range set.Train.Images {
		d := float64(p)/255 - mean[i%3]
		std[i%3] += d * d / 450
	}
	for b, err := range set.Batches(set.Train, BatchOptions{Size: 50}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range set.Train.Images {
			want := (float64(p)/255 - mean[i%3]) / math.Sqrt(std[i%3])
			if math.Abs(float64(b.X[i])-want) > 1e-6 {
				t.Fatalf("element %d, pixel %d: %v, want %v", i, p, b.X[i], want)
			}
		}
	}
}

func TestConstantColumnBecomesZero(t *testing.T) {
	split := &Split{Values: []float32{7, 1, 7, 2, 7, 3}, Labels: make([]int32, 3)}
	set, err := New(Set{Name: "table", Shape: [3]int{2, 1, 1}, Train: split, Test: split})
	if err != nil {
		t.Fatal(err)
	}
	for b := range set.Batches(set.Train, BatchOptions{Size: 3}) {
		for i := 0; i < 6; i += 2 {
			if b.X[i] != 0 || set.Std[0] != 1 {
				t.Errorf("row %d: %v with deviation %v, want 0 with 1", i/2, b.X[i], set.Std[0])
			}
		}
	}
}

func TestBatchesRefuse(t *testing.T) {
	table := numbersSet(t, 4, 2)
	pictures := picturesSet(t, 4, 5, 6)
	r := rand.New(rand.NewPCG(1, 0))
	for name, c := range map[string]struct {
		set *Set
		o   BatchOptions
	}{
		"size zero":                {table, BatchOptions{}},
		"negative skip":            {table, BatchOptions{Size: 1, Skip: -1}},
		"balanced without random":  {table, BatchOptions{Size: 1, Balanced: true}},
		"augmented without random": {pictures, BatchOptions{Size: 1, Augment: Augment{Flip: true}}},
		"augmented table":          {table, BatchOptions{Size: 1, Rand: r, Augment: Augment{Flip: true}}},
		"shift too far":            {pictures, BatchOptions{Size: 1, Rand: r, Augment: Augment{Shift: 6}}},
		"crop of everything":       {pictures, BatchOptions{Size: 1, Rand: r, Augment: Augment{Crop: 1}}},
		"crop is not a number":     {pictures, BatchOptions{Size: 1, Rand: r, Augment: Augment{Crop: math.NaN()}}},
		"cutout too large":         {pictures, BatchOptions{Size: 1, Rand: r, Augment: Augment{Cutout: 7}}},
		"set not made by New":      {&Set{Shape: [3]int{1, 1, 1}, Train: table.Train}, BatchOptions{Size: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for _, err := range c.set.Batches(c.set.Train, c.o) {
				if n++; err == nil {
					t.Error("no error")
				}
			}
			if n != 1 {
				t.Errorf("%d things yielded, want the error alone", n)
			}
		})
	}
}

func TestBatchesAllocateNothingPerImage(t *testing.T) {
	set := picturesSet(t, 64, 8, 8)
	r := rand.New(rand.NewPCG(1, 0))
	count := func(size int) float64 {
		o := BatchOptions{Size: size, Rand: r, Augment: Augment{Shift: 1, Crop: 0.1}}
		return testing.AllocsPerRun(5, func() {
			for range set.Batches(set.Train, o) {
			}
		})
	}
	// The runtime may allocate a little for the goroutine that works ahead and
	// for waiting on it; 64 batches that allocated for themselves would show.
	if one, all := count(1), count(64); one > all+8 {
		t.Errorf("64 batches allocate %v times, one %v times", one, all)
	}
}

func BenchmarkBatches(b *testing.B) {
	for name, augment := range map[string]Augment{"plain": {},
		"augmented": {Shift: 2, Flip: true, Crop: 0.1, Cutout: 6}} {
		b.Run(name, func(b *testing.B) {
			split := &Split{Images: make([]uint8, 1024*28*28), Labels: make([]int32, 1024)}
			set, err := New(Set{Name: "bench", Shape: [3]int{1, 28, 28}, Train: split, Test: split})
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 0))
			n := 0
			for b.Loop() {
				for batch := range set.Batches(split, BatchOptions{Size: 64, Rand: r, Augment: augment}) {
					n += batch.N
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
