package datasets

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
)

// Batch is a block of images ready for a network. Its slices are reused: they
// are valid until the loop asks for the next batch.
type Batch struct {
	X      []float32 // size·H·W·C, normalised; zero in the rows N and up
	Labels []int32   // size; −1 in the rows N and up
	N      int       // images in this batch; less than size only in the last
	Index  int       // number of this batch in the epoch, from 0

	// Targets is size·T numbers, as [Split.Targets], or size·H·W classes of pixels, −1 for
	// those that have none; zero in the rows N and up.
	Targets []float32
}

// BatchOptions say how a split is cut into batches.
type BatchOptions struct {
	Size int // images a batch, at least 1

	// Rand shuffles; nil keeps the order of the split. An epoch draws from it
	// only before the first batch, so that its state afterwards depends neither
	// on how many batches were used nor on Augment.
	Rand *rand.Rand

	// Skip passes over this many batches without assembling them. With Rand in
	// its state at the beginning of an epoch, it continues that epoch where it
	// was interrupted: the batches are the same, number by number.
	Skip int

	// Balanced makes the classes equally frequent. The epoch keeps its length;
	// images of rare classes come several times (evenly: the counts of two
	// images of a class differ by one at most), some of the frequent ones not
	// at all. Needs Rand.
	Balanced bool

	// Augment varies the images at random. Needs Rand.
	Augment Augment
}

// Batches goes once through a split of s. The only error is a fault in the
// options, and then it is all that is yielded. Memory is allocated once per
// call, never per image. A batch is valid until the next. While the caller works on
// one, the next is assembled, unless that takes less than waking another processor.
func (s *Set) Batches(split *Split, o BatchOptions) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		if err := s.checkBatches(split, o); err != nil {
			yield(Batch{}, fmt.Errorf("datasets: batches of %s: %w", s.Name, err))
			return
		}
		order := epoch(split, o)
		a := newAssembler(s, split, o)
		next := func(k int) Batch { return a.batch(k, order) }
		if !a.brief() {
			var end func()
			next, end = a.ahead(order, o.Skip, split.Steps(o.Size))
			defer end()
		}
		for k := o.Skip; k < split.Steps(o.Size); k++ {
			if !yield(next(k), nil) {
				return
			}
		}
	}
}

func (s *Set) checkBatches(split *Split, o BatchOptions) error {
	if o.Size < 1 {
		return fmt.Errorf("batch size %d, want 1 or more", o.Size)
	}
	if o.Skip < 0 {
		return fmt.Errorf("skip %d, want 0 or more", o.Skip)
	}
	if o.Balanced && o.Rand == nil {
		return errors.New("balanced classes need a random generator")
	}
	if o.Augment != (Augment{}) && o.Rand == nil {
		return errors.New("augmentation needs a random generator")
	}
	if len(s.Mean) != s.Shape[0] || len(s.Std) != s.Shape[0] {
		return errors.New("no normalisation: sets made by hand go through New")
	}
	if err := s.checkPlaces(split); err != nil {
		return err
	}
	return o.Augment.check(s, split)
}

// assembler owns the buffers of an epoch.
type assembler struct {
	split  *Split
	shape  [3]int
	size   int // elements an image
	norm   normaliser
	x      []float32
	labels []int32

	targets   []float32
	perSample int // targets

	seed uint64       // of the epoch's augmentation
	vary []*variation // one for each goroutine; nil: images are as they are
	hear *rendition   // nil: features are as they are
}

func newAssembler(s *Set, split *Split, o BatchOptions) *assembler {
	a := &assembler{
		split: split, shape: s.Shape, size: s.size(),
		norm:   newNormaliser(s),
		x:      make([]float32, o.Size*s.size()),
		labels: make([]int32, o.Size),

		targets: make([]float32, o.Size*s.perSample()), perSample: s.perSample(),
		vary: make([]*variation, 1),
	}
	if o.Rand != nil {
		a.seed = o.Rand.Uint64()
	}
	if o.Augment.Resounds() {
		a.hear = newRendition(o.Augment, s, a.norm)
	}
	if o.Augment != (Augment{}) {
		a.vary = make([]*variation, min(runtime.GOMAXPROCS(0), o.Size))
		for i := range a.vary {
			a.vary[i] = newVariation(o.Augment, s.Shape)
		}
	}
	return a
}

// brief reports whether a batch is assembled in a few microseconds.
func (a *assembler) brief() bool { return a.vary[0] == nil && a.hear == nil && len(a.x) <= 1<<14 }

// ahead assembles the batches from one to another in two buffers, so that one is filled
// while the caller works on the other, which next returns.
func (a *assembler) ahead(order []int32, from, to int) (next func(k int) Batch, end func()) {
	ask, ready := make(chan int, 1), make(chan Batch, 1)
	two := [2]*assembler{a, a.twin()}
	go func() {
		for k := range ask {
			ready <- two[k%2].batch(k, order)
		}
	}()
	if from < to {
		ask <- from
	}
	return func(k int) Batch {
		b := <-ready
		if k+1 < to {
			ask <- k + 1
		}
		return b
	}, func() { close(ask) }
}

// twin returns an assembler of the same epoch with buffers of its own.
func (a *assembler) twin() *assembler {
	t := *a
	t.x, t.labels = make([]float32, len(a.x)), make([]int32, len(a.labels))
	t.targets = make([]float32, len(a.targets))
	t.vary = make([]*variation, len(a.vary))
	for i, v := range a.vary {
		if v != nil {
			t.vary[i] = v.twin()
		}
	}
	if a.hear != nil {
		t.hear = a.hear.twin()
	}
	return &t
}

// batch assembles the k-th batch of an epoch.
func (a *assembler) batch(k int, order []int32) Batch {
	size := len(a.labels)
	rows := order[k*size : min((k+1)*size, len(order))]
	if a.hear != nil {
		a.hear.batch(a.x, a.split, rows, a.seed, uint64(k*size))
	}
	for _, row := range rows {
		a.split.prefetch(int(row), a.size)
	}
	if len(a.vary) == 1 { // not worth a goroutine
		a.samples(rows, uint64(k*size), 0)
	} else {
		var all sync.WaitGroup
		for hand := range a.vary {
			all.Go(func() { a.samples(rows, uint64(k*size), hand) })
		}
		all.Wait()
	}
	clear(a.x[len(rows)*a.size:])
	clear(a.targets[len(rows)*a.perSample:])
	for i := len(rows); i < size; i++ {
		a.labels[i] = -1
	}
	return Batch{X: a.x, Labels: a.labels, N: len(rows), Index: k, Targets: a.targets}
}

// samples assembles a goroutine's share of a batch that begins at place first of the epoch.
func (a *assembler) samples(rows []int32, first uint64, hand int) {
	v := a.vary[hand]
	for i := hand; i < len(rows); i += len(a.vary) {
		row, dst, moved := int(rows[i]), a.x[i*a.size:(i+1)*a.size], false
		if a.hear == nil {
			a.norm.image(dst, a.split, row)
		}
		if v != nil {
			// One random stream per place in the epoch, so that skipping needs
			// no replay.
			moved = v.apply(dst, a.seed, first+uint64(i))
		}
		a.labels[i] = a.split.Labels[row]
		a.match(a.targets[i*a.perSample:][:a.perSample], row, v, moved)
	}
}

// match writes what a sample is matched with; the pixels of a mask move with its image,
// if v has moved it.
func (a *assembler) match(dst []float32, row int, v *variation, moved bool) {
	if a.split.Masks == nil {
		copy(dst, a.split.targetsAt(row, a.perSample))
		return
	}
	mask := a.split.mask(row, a.perSample)
	for at := range dst {
		from := at
		if moved {
			from = v.origin(at)
		}
		dst[at] = float32(mask[from])
		if mask[from] == Ignored {
			dst[at] = -1
		}
	}
}

// normaliser computes r = (p·PixelScale − Mean[c]) / Std[c] in float32, each
// operation rounded. For bytes the 256 results per channel are tabulated.
type normaliser struct {
	scale     float32
	mean, std []float32
	table     [][256]float32 // per channel
}

func newNormaliser(s *Set) normaliser {
	n := normaliser{scale: s.PixelScale, mean: s.Mean, std: s.Std}
	if s.Train.Images == nil {
		return n
	}
	n.table = make([][256]float32, len(s.Mean))
	for c := range n.table {
		for p := range n.table[c] {
			n.table[c][p] = n.value(float32(p), c)
		}
	}
	return n
}

func (n *normaliser) value(p float32, c int) float32 {
	return (float32(p*n.scale) - n.mean[c]) / n.std[c]
}

// image writes the normalised image i of the split to dst.
func (n *normaliser) image(dst []float32, split *Split, i int) {
	channels, size := len(n.mean), len(dst)
	if split.Images == nil {
		src := split.values(i, size)
		for j, c := 0, 0; j < size; j++ {
			dst[j] = n.value(src[j], c)
			if c++; c == channels {
				c = 0
			}
		}
		return
	}
	src := split.pixels(i, size)
	for c := range channels {
		table := &n.table[c]
		for j := c; j < size; j += channels {
			dst[j] = table[src[j]]
		}
	}
}
