package datasets

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// greyMask and paletteMask are masks of the same numbers.
func greyMask(w int, pix ...uint8) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, len(pix)/w))
	copy(m.Pix, pix)
	return m
}

func paletteMask(colours, w int, pix ...uint8) image.Image {
	var p color.Palette
	for i := range colours {
		p = append(p, color.RGBA{uint8(7 * i), uint8(91 * i), uint8(255 - i), 255})
	}
	m := image.NewPaletted(image.Rect(0, 0, w, len(pix)/w), p)
	copy(m.Pix, pix)
	return m
}

// pairOf are pictures of 2×3 pixels, numbered, with a mask each, in two folders.
func pairOf(t testing.TB, images, masks string, all ...image.Image) map[string][]byte {
	files := map[string][]byte{}
	for i, m := range all {
		files[fmt.Sprintf("%s/%d.png", images, i)] = picture(t, 2, 3, color.Gray{uint8(40 * i)})
		files[fmt.Sprintf("%s/%d.png", masks, i)] = encoded(t, m, png.Encode)
	}
	return files
}

func merged(all ...map[string][]byte) map[string][]byte {
	whole := map[string][]byte{}
	for _, files := range all {
		for name, file := range files {
			whole[name] = file
		}
	}
	return whole
}

// TestMaskFolders reads one set of masks from each layout of folders, in grey and with
// palettes of 1 to 8 bits.
func TestMaskFolders(t *testing.T) {
	numbers := [][]uint8{{0, 1, 1, 0, 0, 1}, {1, 1, 1, 0, 0, 0}, {0, 0, 0, 0, 0, 1}}
	masks := map[string]func([]uint8) image.Image{
		"grey": func(pix []uint8) image.Image { return greyMask(3, pix...) }}
	for _, colours := range []int{2, 4, 16, 256} {
		masks[fmt.Sprint(colours, " colours")] = func(pix []uint8) image.Image {
			return paletteMask(colours, 3, pix...)
		}
	}
	for form, of := range masks {
		all := []image.Image{of(numbers[0]), of(numbers[1]), of(numbers[2])}
		for name, c := range map[string]struct {
			files    map[string][]byte
			divided  bool
			division string
		}{
			"one folder": {pairOf(t, "images", "masks", all...), true, "20 % drawn"},
			"pictures":   {pairOf(t, "pictures", "masks", all...), true, "20 % drawn"},
			"unpacked":   {pairOf(t, "set/images", "set/masks", all...), true, "20 % drawn"},
			"splits first": {merged(pairOf(t, "train/images", "train/masks", all...),
				pairOf(t, "test/images", "test/masks", all...)),
				false, "separate"},
			"splits inside": {merged(pairOf(t, "images/train", "masks/train", all...),
				pairOf(t, "images/val", "masks/val", all...)),
				false, "separate"},
		} {
			t.Run(form+"/"+name, func(t *testing.T) {
				s, err := Open(write(t, c.files), Options{})
				if err != nil {
					t.Fatal(err)
				}
				if s.Target != PixelTargets || !slices.Equal(s.Targets, []string{"0", "1"}) || s.Outputs() != 12 ||
					len(s.Classes) > 0 || !strings.HasPrefix(s.Account.Division, c.division) {
					t.Errorf("%v, classes %q, %d outputs, %q", s.Target, s.Targets, s.Outputs(), s.Account.Division)
				}
				for _, p := range []*Split{s.Train, s.Test} {
					for i := range p.Len() {
						which := int(p.pixels(i, s.size())[0]) / 40
						if got := s.MaskOf(p, i); !slices.Equal(got, numbers[which]) {
							t.Errorf("%s: mask %v, want %v", s.Sample(p, i), got, numbers[which])
						}
					}
				}
				if c.divided && s.Train.Len()+s.Test.Len() != 3 {
					t.Errorf("%d and %d samples", s.Train.Len(), s.Test.Len())
				}
			})
		}
	}
}

// oneBit is a grey PNG file of 1 bit, which Go's encoder does not write: 0 1 1 and 1 0 0.
const oneBit = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNIYGgAAAGkAOE9H470AAAAAElFTkSuQmCC"

// TestMasksOfOneBit: a decoder that spreads grey over 0 to 255 makes no other classes.
func TestMasksOfOneBit(t *testing.T) {
	file, err := base64.StdEncoding.DecodeString(oneBit)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeMask(file)
	if err != nil || !slices.Equal(m.pix, []uint8{0, 1, 1, 1, 0, 0}) {
		t.Errorf("%v, %v", m, err)
	}
}

// TestMasksAreIgnoredAndNamed: names of classes, and pixels that have none.
func TestMasksAreIgnoredAndNamed(t *testing.T) {
	pix := []uint8{0, 1, 2, 255, 1, 1}
	nine := []uint8{0, 1, 2, 9, 1, 1}
	for name, c := range map[string]struct {
		in      []uint8
		masks   Masks
		names   []string
		shares  []float64
		ignored float64
	}{
		"numbers": {pix, Masks{}, []string{"0", "1", "2"}, []float64{0.2, 0.6, 0.2}, 1.0 / 6},
		"names": {pix, Masks{Classes: []string{"a", "b", "c", "d"}}, []string{"a", "b", "c", "d"},
			[]float64{0.2, 0.6, 0.2, 0}, 1.0 / 6},
		"nine": {nine, Masks{Ignore: 9}, []string{"0", "1", "2"}, []float64{0.2, 0.6, 0.2}, 1.0 / 6},
		"none": {nine, Masks{Ignore: -1}, numbered(10),
			[]float64{1.0 / 6, 0.5, 1.0 / 6, 0, 0, 0, 0, 0, 0, 1.0 / 6}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := greyMask(3, c.in...)
			s, err := Open(write(t, pairOf(t, "images", "masks", m, m, m)), Options{Masks: c.masks})
			if err != nil {
				t.Fatal(err)
			}
			want := &PixelAccount{Ignored: c.ignored}
			for k, name := range c.names {
				want.Classes = append(want.Classes, PixelClass{name, c.shares[k]})
			}
			if got := s.Account.Pixels; got.String() != want.String() {
				t.Errorf("%v, want %v", got, want)
			}
			empty := slices.ContainsFunc(c.shares, func(share float64) bool { return share == 0 })
			if warned := len(s.Account.Warnings) == 1; warned != empty {
				t.Errorf("warnings %q", s.Account.Warnings)
			}
		})
	}
}

// TestMaskFaults: what is wrong is said with the file's name.
func TestMaskFaults(t *testing.T) {
	good := greyMask(3, 0, 1, 2, 0, 0, 1)
	with := func(name string, file []byte) map[string][]byte {
		return merged(pairOf(t, "images", "masks", good, good, good), map[string][]byte{name: file})
	}
	without := pairOf(t, "images", "masks", good, good)
	delete(without, "masks/1.png")
	rgb := image.NewRGBA(image.Rect(0, 0, 3, 2))
	rgb.Set(0, 0, color.RGBA{200, 0, 0, 255})
	for name, c := range map[string]struct {
		files map[string][]byte
		opts  Options
		want  []string
	}{
		"no mask": {without, Options{}, []string{"images/1.png has no mask", "want 1.png"}},
		"size": {with("masks/2.png", encoded(t, greyMask(2, 0, 1, 0, 1), png.Encode)), Options{},
			[]string{"masks/2.png", "2×2", "images/2.png 2×3"}},
		"colours": {with("masks/2.png", encoded(t, rgb, png.Encode)), Options{},
			[]string{"masks/2.png", "a mask of colours", "palette"}},
		"16 bits": {with("masks/2.png", encoded(t, image.NewGray16(rgb.Rect), png.Encode)), Options{},
			[]string{"masks/2.png", "16 bits"}},
		"no PNG":  {with("masks/2.png", []byte("GIF89a")), Options{}, []string{"masks/2.png", "not a PNG file"}},
		"cut off": {with("masks/2.png", encoded(t, good, png.Encode)[:50]), Options{}, []string{"masks/2.png"}},
		"too great": {with("masks/2.png", encoded(t, greyMask(3, 0, 0, 7, 0, 0, 0), png.Encode)),
			Options{Masks: Masks{Classes: []string{"a", "b", "c"}}},
			[]string{"images/2.png", "pixel (0, 2) of the mask is 7", "0 to 2"}},
		"one class": {pairOf(t, "images", "masks", greyMask(3, 0, 0, 0, 255, 255, 0), greyMask(3, 0, 0, 0, 0, 0, 0)),
			Options{}, []string{"no pixel of the masks has another class than 0", "255"}},
		"no ignored": {with("masks/2.png", encoded(t, greyMask(3, 0, 0, 255, 0, 0, 0), png.Encode)),
			Options{Masks: Masks{Ignore: -1}}, []string{"class 255", "at most 255 classes"}},
		"classes": {with("masks/2.png", encoded(t, good, png.Encode)), Options{Target: ClassTarget},
			[]string{"masks, and no classes"}},
		"numbers": {with("masks/2.png", encoded(t, good, png.Encode)), Options{Target: NumberTargets},
			[]string{"without effect", "Target"}},
		"twice": {with("masks/2.png", encoded(t, good, png.Encode)),
			Options{Masks: Masks{Classes: []string{"a", "a"}}}, []string{`called "a"`}},
		"memory": {with("masks/2.png", encoded(t, good, png.Encode)), Options{Memory: 25},
			[]string{"masks, which stay in memory", "36 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, c.files), c.opts)
			wantError(t, err, c.want...)
		})
	}
	_, err := Open("digits", Options{Target: PixelTargets})
	wantError(t, err, "the built-in digits: no masks")
}

// TestMasksMoveWithTheirPictures: with pictures whose pixels show their classes, both stay
// equal through every augmentation, batch and division.
func TestMasksMoveWithTheirPictures(t *testing.T) {
	const h, w, n = 5, 7, 12
	r := rand.New(rand.NewPCG(5, 6))
	all := &Split{Labels: make([]int32, n)}
	for range n * h * w {
		class := uint8(r.IntN(4))
		if all.Images = append(all.Images, class); class == 3 {
			class = Ignored
		}
		all.Masks = append(all.Masks, class)
	}
	train, test := divide(all, Options{TestFraction: 0.25})
	s, err := New(Set{Name: "echo", Shape: [3]int{1, h, w}, Target: PixelTargets, Targets: []string{"a", "b", "c"},
		Train: train, Test: test, PixelScale: 1, Mean: []float32{0}, Std: []float32{1}})
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	for i := range s.Train.Len() {
		rows = append(rows, s.floats(s.Train, i))
	}
	for _, a := range []Augment{{}, {Flip: true}, {Shift: 2}, {Shift: 3, Flip: true}} {
		moved := false
		for epoch := range 4 {
			o := BatchOptions{Size: 4, Rand: rand.New(rand.NewPCG(1, uint64(epoch))), Augment: a}
			for b := range s.Batches(s.Train, o) {
				for at, x := range b.X {
					want := x
					switch {
					case at >= b.N*h*w:
						want = 0
					case x == 3:
						want = -1
					}
					if b.Targets[at] != want {
						t.Fatalf("%+v: pixel %d of batch %d is %v, its class %v", a, at, b.Index, x, b.Targets[at])
					}
				}
				same := func(x []float32) bool { return slices.Equal(x, b.X[:h*w]) }
				moved = moved || !slices.ContainsFunc(rows, same)
			}
		}
		if a != (Augment{}) && !moved {
			t.Errorf("%+v moves nothing", a)
		}
	}
	for b, err := range s.Batches(s.Train, BatchOptions{Size: 4, Rand: r, Augment: Augment{Cutout: 2}}) {
		if err == nil || !strings.Contains(err.Error(), "cutout 2 hides pixels") {
			t.Errorf("batch of %d, error %v", b.N, err)
		}
	}
}

func (s *Set) floats(p *Split, i int) (x []float32) {
	for _, v := range p.pixels(i, s.size()) {
		x = append(x, float32(v))
	}
	return x
}

// TestMasksAreInTheChecksum: another class of one pixel is another set.
func TestMasksAreInTheChecksum(t *testing.T) {
	sum := func(last uint8) string {
		s, err := Open(write(t, pairOf(t, "images", "masks", greyMask(3, 0, 1, 2, 0, 0, last),
			greyMask(3, 0, 1, 2, 0, 0, last))), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Checksum()
	}
	seen := map[string]uint8{}
	for _, last := range []uint8{0, 1, 2, 255} {
		if other, ok := seen[sum(last)]; ok {
			t.Errorf("classes %d and %d of a pixel have the same checksum", other, last)
		}
		seen[sum(last)] = last
	}
	if _, ok := seen[sum(1)]; !ok {
		t.Error("the same masks have two checksums")
	}
}

// TestMasksAreScaled: each pixel is the nearest one, never a mixture.
func TestMasksAreScaled(t *testing.T) {
	files := map[string][]byte{}
	for i := range 3 {
		files[fmt.Sprintf("images/%d.png", i)] = picture(t, 4, 4, color.Gray{9})
		files[fmt.Sprintf("masks/%d.png", i)] = encoded(t, greyMask(4, 0, 0, 2, 2, 0, 0, 2, 2,
			1, 1, 3, 3, 1, 1, 3, 255), png.Encode)
	}
	for size, want := range map[[2]int][]uint8{
		{2, 2}: {0, 2, 1, Ignored}, {1, 4}: {1, 1, 3, 3}, {4, 1}: {2, 2, 3, 3},
		{8, 2}: {0, 2, 0, 2, 0, 2, 0, 2, 1, 3, 1, 3, 1, Ignored, 1, Ignored},
	} {
		s, err := Open(write(t, files), Options{Size: size})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.MaskOf(s.Train, 0); !slices.Equal(got, want) {
			t.Errorf("size %v: mask %v, want %v", size, got, want)
		}
	}
}

// TestMasksForATrainedNetwork: its classes are known, whatever occurs in the masks, and a
// greater one is refused.
func TestMasksForATrainedNetwork(t *testing.T) {
	like := Contract{Shape: [3]int{1, 2, 3}, PixelScale: 1.0 / 255, Mean: []float32{0}, Std: []float32{1}, Depth: 8,
		Targets: []string{"a", "b", "c"}, Options: Options{Target: PixelTargets}}
	few := greyMask(3, 0, 1, 1, 0, 0, 1)
	s, err := OpenLike(t.Context(), write(t, pairOf(t, "images", "masks", few, few)), like)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Targets, like.Targets) || s.Train != s.Test || s.Test.Len() != 2 {
		t.Errorf("classes %q, %d samples", s.Targets, s.Test.Len())
	}
	_, err = OpenLike(t.Context(), write(t, pairOf(t, "images", "masks", few, greyMask(3, 0, 3, 0, 0, 0, 0))), like)
	wantError(t, err, "1.png", "pixel (0, 1) of the mask is 3", "0 to 2")
}
