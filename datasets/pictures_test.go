package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

// picture makes a PNG file of one colour.
func picture(t testing.TB, h, w int, c color.Color) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPicturesByClass(t *testing.T) {
	var b bytes.Buffer
	grey := image.NewGray(image.Rect(0, 0, 3, 2))
	for i := range grey.Pix {
		grey.Pix[i] = 200
	}
	if err := jpeg.Encode(&b, grey, nil); err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string][]byte{
		"dog/1.png":     picture(t, 2, 3, color.Gray{50}),
		"dog/2.PNG":     picture(t, 2, 3, color.Gray{60}),
		"cat/a.jpg":     b.Bytes(),
		"cat/b.png":     picture(t, 2, 3, color.Gray{255}),
		"cat/notes.txt": []byte("passed over"),
		".hidden/x.png": []byte("passed over"),
	})
	set, err := Open(dir, Options{TestFraction: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if set.Shape != [3]int{1, 2, 3} || !slices.Equal(set.Classes, []string{"cat", "dog"}) {
		t.Errorf("shape %v, classes %q", set.Shape, set.Classes)
	}
	found := map[uint8]int32{}
	for _, s := range []*Split{set.Train, set.Test} {
		if s.Len() != 2 {
			t.Errorf("a split of %d pictures, want 2", s.Len())
		}
		for i, label := range s.Labels {
			grey := s.pixels(i, 6)[0]
			found[grey] = label
			file := map[uint8]string{50: "dog/1.png", 60: "dog/2.PNG", 200: "cat/a.jpg", 255: "cat/b.png"}[grey]
			if got, want := set.Sample(s, i), filepath.Join(dir, filepath.FromSlash(file)); got != want {
				t.Errorf("the picture of grey %d is called %s, want %s", grey, got, want)
			}
		}
	}
	for grey, label := range map[uint8]int32{50: 1, 60: 1, 200: 0, 255: 0} {
		if got, ok := found[grey]; !ok || got != label {
			t.Errorf("picture of grey %d has label %d, want %d", grey, got, label)
		}
	}
}

func TestPicturesInSplits(t *testing.T) {
	set, err := Open(write(t, map[string][]byte{
		"train/b/1.png": picture(t, 1, 1, color.NRGBA{255, 0, 10, 255}),
		"train/a/1.png": picture(t, 1, 1, color.Gray{7}),
		"test/b/1.png":  picture(t, 1, 1, color.NRGBA{100, 200, 50, 51}), // a fifth of it, on black
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint8{7, 7, 7, 255, 0, 10}; !slices.Equal(set.Train.Images, want) {
		t.Errorf("training pixels %v, want %v", set.Train.Images, want)
	}
	if want := []uint8{20, 40, 10}; !slices.Equal(set.Test.Images, want) {
		t.Errorf("test pixels %v, want %v", set.Test.Images, want)
	}
	if set.Test.Labels[0] != 1 {
		t.Errorf("test label %d, want 1", set.Test.Labels[0])
	}
}

// A late coloured picture makes all pictures coloured.
func TestPicturesBecomeColoured(t *testing.T) {
	files := map[string][]byte{}
	for i := range 100 {
		c := color.NRGBA{uint8(i), uint8(i), uint8(i), 255}
		if i == 70 {
			c.B = 0
		}
		split := "train"
		if i >= 80 {
			split = "test"
		}
		files[fmt.Sprintf("%s/a/%02d.png", split, i)] = picture(t, 2, 1, c)
	}
	set, err := Open(write(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if set.Shape != [3]int{3, 2, 1} || set.Train.Len() != 80 || set.Test.Len() != 20 {
		t.Fatalf("shape %v, %d and %d pictures", set.Shape, set.Train.Len(), set.Test.Len())
	}
	for i, p := range slices.Concat(set.Train.Images, set.Test.Images) {
		if at := i / 6; int(p) != at && (at != 70 || i%3 != 2 || p != 0) {
			t.Errorf("pixel %d of picture %d is %d", i%6, at, p)
		}
	}
}

func TestPicturesScaled(t *testing.T) {
	set, err := Open(write(t, map[string][]byte{
		"a/1.png": picture(t, 7, 5, color.Gray{33}),
		"a/2.png": picture(t, 2, 9, color.Gray{33}),
	}), Options{Size: [2]int{3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := set.Account.Pictures.String(), "2 of 2×9 to 7×5, 8 bits, 2 scaled"; got != want {
		t.Errorf("account %q, want %q", got, want)
	}
	for _, s := range []*Split{set.Train, set.Test} {
		if set.Shape != [3]int{1, 3, 4} || s.Len() != 1 || slices.Min(s.Images) != 33 || slices.Max(s.Images) != 33 {
			t.Errorf("shape %v, split %+v, want all 33", set.Shape, s)
		}
	}
}

// Nothing is passed over without a count; a class of files that cannot be read
// is an error, and what macOS, Jupyter and network drives leave is not a class.
func TestPicturesPassedOver(t *testing.T) {
	good := picture(t, 1, 1, color.Gray{1})
	files := map[string][]byte{
		"a/1.png": good, "a/2.png": good, "b/1.png": good, "b/2.png": good,
		"a/1.txt": nil, "a/2.TXT": nil, "a/more/3.png": good, "b/README": nil, "b/.DS_Store": nil, "b/._1.png": nil,
		"__MACOSX/a/._1.png": nil, ".ipynb_checkpoints/1.png": good, "@eaDir/1.png": good, "loose.png": good,
		"list.csv": nil,
	}
	set, err := Open(write(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b"}; !slices.Equal(set.Classes, want) {
		t.Errorf("classes %q, want %q", set.Classes, want)
	}
	want := map[string]int{".txt": 2, "folders": 1, "without extension": 1, ".png": 1, ".csv": 1}
	if a := set.Account; a.Pictures.Files != 4 || !maps.Equal(a.Passed, want) {
		t.Errorf("%d read, passed over %v, want 4 and %v", a.Pictures.Files, a.Passed, want)
	}
	for i := range 20 {
		files[fmt.Sprintf("c/%d.heic", i)] = nil
	}
	_, err = Open(write(t, files), Options{})
	wantError(t, err, "/c: no pictures (.png, ", "passed over: 20 .heic")
	_, err = Open(write(t, map[string][]byte{"train/a/1.png": good, "train/b/1.png": good, "test/b/1.png": good,
		"test/a/1.xml": nil}), Options{})
	wantError(t, err, "/test/a: no pictures (.png, ", "passed over: 1 .xml")
}

// Scaling against the mean over a raster of the least common multiple.
func TestScale(t *testing.T) {
	for _, c := range [][4]int{{4, 6, 2, 3}, {5, 7, 3, 2}, {2, 3, 5, 4}, {3, 3, 3, 3}, {1, 8, 1, 3}} {
		h, w, oh, ow := c[0], c[1], c[2], c[3]
		src := raster{h: h, w: w, pix: make([]uint16, 3*h*w)}
		for i := range src.pix {
			src.pix[i] = uint16(i * 37 % 256)
		}
		got := src.scale([2]int{oh, ow})
		for i := range oh {
			for j := range ow {
				for ch := range 3 {
					var sum float64
					for y := i * h; y < (i+1)*h; y++ { // h·oh rows, w·ow columns
						for x := j * w; x < (j+1)*w; x++ {
							sum += float64(src.pix[3*(y/oh*w+x/ow)+ch])
						}
					}
					want := sum / float64(h*w)
					if d := float64(got.pix[3*(i*ow+j)+ch]) - want; math.Abs(d) > 0.5+1e-9 {
						t.Errorf("%v: pixel %d %d channel %d off by %v", c, i, j, ch, d)
					}
				}
			}
		}
	}
}

func TestPicturesFaults(t *testing.T) {
	good := picture(t, 2, 2, color.Gray{1})
	for name, c := range map[string]struct {
		files map[string][]byte
		opts  Options
		want  []string
	}{
		"no classes": {map[string][]byte{"1.png": good}, Options{}, []string{"no folders of pictures"}},
		"no pictures": {map[string][]byte{"a/1.txt": good}, Options{},
			[]string{"/a: no pictures (.png, .jpg", "passed over: 1 .txt"}},
		"cut": {map[string][]byte{"a/1.png": good[:30]}, Options{}, []string{"a/1.png"}},
		"no picture": {map[string][]byte{"a/1.png": []byte("hello")}, Options{},
			[]string{"a/1.png", "not a picture; want one of PNG, JPEG"}},
		"sizes differ": {map[string][]byte{"a/1.png": good, "a/2.png": picture(t, 2, 3, color.Gray{1})},
			Options{}, []string{"a/1.png", "a/2.png", "2×3", "give a size"}},
		"too many pixel": {map[string][]byte{"a/1.png": enlarged(good)}, Options{}, []string{"a/1.png", "16000×16000"}},
		"new test class": {map[string][]byte{"train/a/1.png": good, "test/b/1.png": good}, Options{},
			[]string{"class b", "does not occur in training (a)"}},
		"split twice": {map[string][]byte{"train/a/1.png": good, "test/a/1.png": good}, Options{Seed: 1},
			[]string{"Seed", "no effect"}},
		"label": {map[string][]byte{"a/1.png": good}, Options{Label: "a"}, []string{"Label"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, c.files), c.opts)
			wantError(t, err, c.want...)
		})
	}
}

// enlarged claims 16000×16000 pixels in the header of a PNG file, whose
// checksum it repairs.
func enlarged(file []byte) []byte {
	b := slices.Clone(file)
	copy(b[16:], []byte{0, 0, 0x3e, 0x80, 0, 0, 0x3e, 0x80})
	sum := crc32.ChecksumIEEE(b[12:29])
	binary.BigEndian.PutUint32(b[29:], sum)
	return b
}
