package datasets

import (
	"context"
	"errors"
	"fmt"

	"petrify/datasets/sound"
)

// Contract is what a trained network must be fed.
type Contract struct {
	Shape      [3]int // C H W
	PixelScale float32
	Mean, Std  []float32     // per channel
	Table      *TableAccount // that it was trained on; nil: unknown, or none
	Sound      *sound.Front  // of the sounds that it was trained on; nil: not on sounds
	Depth      int           // bits of a channel, if it was trained on pictures
	Options    Options       // how the training data were read
	Targets    []string      // names of the numbers or labels that the network computes; nil: classes, or none
}

// bytes reports whether the network was trained on bytes, which are scaled,
// and not on values taken as they are.
func (c Contract) bytes() bool { return c.PixelScale != 1 }

// size is the number of values of a sample.
func (c Contract) size() int { return c.Shape[0] * c.Shape[1] * c.Shape[2] }

// options are how to read data like those of training.
func (c Contract) options() Options {
	o := c.Options.places()
	o.Shape, o.ChannelsFirst, o.Layout, o.Size = c.Shape, c.Options.ChannelsFirst, c.Options.Layout, c.Options.Size
	o.Sounds, o.Windows, o.Target, o.Masks = c.Options.Sounds, c.Options.Windows, c.Options.Target, c.Options.Masks
	return o
}

// OpenLike reads data with labels, as [OpenContext] does, for a network that was
// trained on others: a table's columns are found by their titles, in any order,
// and pictures are made like those of training. Data without a test split are
// not divided: both splits are all of them.
func OpenLike(ctx context.Context, name string, c Contract) (*Set, error) {
	for _, n := range collection() {
		if n.Name == name {
			opts := c.Options.places()
			if opts.Normal = c.Options.Normal; c.Options.Target == AnomalyTargets {
				opts.Target = AnomalyTargets
			}
			return OpenContext(ctx, name, opts)
		}
	}
	s, err := c.loading(ctx).openPath(name, c.options().forAnomalies())
	if err != nil {
		return nil, err
	}
	return s.anomalies(c.Options, true)
}

func (c Contract) loading(ctx context.Context) *loading {
	l := newLoading(ctx, c.Options)
	l.like = &c
	return l
}

// takesPictures returns an error unless the network can be fed with pictures.
func (c Contract) takesPictures() error {
	if c.bytes() && c.PixelScale != 1.0/255 || !c.bytes() && c.Depth != 16 || c.Shape[0] != 1 && c.Shape[0] != 3 {
		return fmt.Errorf("a picture has bytes 0 to 255 in 1 or 3 channels; the model wants %s", c)
	}
	return nil
}

// fit makes a picture like those of training.
func (c Contract) fit(r raster) (raster, error) {
	if (r.bits == 8) != c.bytes() {
		return raster{}, fmt.Errorf("%d bits per channel; the model wants %s", r.bits, c)
	}
	size, want := [2]int{r.h, r.w}, [2]int(c.Shape[1:])
	if size != want && c.Options.Size == [2]int{} {
		return raster{}, fmt.Errorf("%d×%d pixels; the model wants %d×%d, and its training pictures were not scaled",
			r.h, r.w, want[0], want[1])
	}
	if c.Shape[0] == 1 && r.coloured() {
		return raster{}, errors.New("the picture is in colour; the model was trained on grey ones")
	}
	if size != want {
		r = r.scale(want)
	}
	return r, nil
}

// String returns text such as "3 × 32 × 32 (channels, height, width), bytes".
func (c Contract) String() string {
	what := "values, not bytes"
	switch {
	case c.Sound != nil:
		what = "computed from sounds"
	case c.bytes() && c.PixelScale == 1.0/255:
		what = "bytes"
	case c.bytes():
		what = fmt.Sprintf("bytes divided by %.4g", 1/c.PixelScale)
	case c.Depth == 16:
		what = "values of 16 bits"
	}
	return fmt.Sprintf("%s, %s", Account{Shape: c.Shape}.shape(), what)
}

// targets are the names of what a trained network computes; nil: it has classes, or the
// data are for a new one.
func (l *loading) targets() []string {
	if l.like == nil {
		return nil
	}
	return l.like.Targets
}
