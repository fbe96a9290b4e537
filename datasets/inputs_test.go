package datasets

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// drawPicture writes a picture of one colour.
func drawPicture(t *testing.T, path string, h, w int, c color.Color) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, c)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func pictureContract(channels int) Contract {
	c := Contract{Shape: [3]int{channels, 4, 6}, PixelScale: 1.0 / 255}
	for range channels {
		c.Mean, c.Std = append(c.Mean, 0.5), append(c.Std, 0.25)
	}
	return c
}

// A folder's pictures come in order, with the folders in it; what is passed over
// is counted.
func TestInputsOfAFolder(t *testing.T) {
	dir := t.TempDir()
	drawPicture(t, filepath.Join(dir, "b.png"), 4, 6, color.Gray{51})
	drawPicture(t, filepath.Join(dir, "a", "z.PNG"), 4, 6, color.Gray{204})
	drawPicture(t, filepath.Join(dir, ".hidden", "c.png"), 4, 6, color.Gray{9})
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, channels := range []int{1, 3} {
		in, err := ReadInputs(context.Background(), dir, pictureContract(channels))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(dir, "a", "z.PNG"), filepath.Join(dir, "b.png")}
		if !slices.Equal(in.Set.Test.Names, want) {
			t.Errorf("inputs %q, want %q", in.Set.Test.Names, want)
		}
		if in.Passed != "1 .txt" {
			t.Errorf("passed over: %s", in.Passed)
		}
		for b, err := range in.Set.Batches(in.Set.Test, BatchOptions{Size: 2}) {
			if err != nil {
				t.Fatal(err)
			}
			size := channels * 24
			for i, v := range b.X {
				want := (float32(204)*float32(1.0/255) - 0.5) / 0.25
				if i >= size {
					want = (float32(51)*float32(1.0/255) - 0.5) / 0.25
				}
				if v != want {
					t.Fatalf("%d channels: element %d is %v, want %v", channels, i, v, want)
				}
			}
		}
	}
}

// Pictures that the network was not trained for are refused; those of another
// size are scaled only if training scaled its own.
func TestInputsThatBreakTheContract(t *testing.T) {
	dir := t.TempDir()
	grey, large, red := filepath.Join(dir, "g.png"), filepath.Join(dir, "l.png"), filepath.Join(dir, "r.png")
	drawPicture(t, grey, 4, 6, color.Gray{100})
	drawPicture(t, large, 8, 12, color.Gray{100})
	drawPicture(t, red, 4, 6, color.RGBA{200, 0, 0, 255})
	scaling := pictureContract(1)
	scaling.Options.Size = [2]int{4, 6}
	values := pictureContract(1)
	values.PixelScale = 1
	deep := values
	deep.Depth = 16
	sixteenth := pictureContract(1)
	sixteenth.PixelScale = 1.0 / 16
	for _, c := range []struct {
		path string
		c    Contract
		want string // "": accepted
	}{
		{grey, pictureContract(1), ""},
		{grey, pictureContract(3), ""},
		{red, pictureContract(3), ""},
		{red, pictureContract(1), "r.png: the picture is in colour; the model was trained on grey ones"},
		{large, pictureContract(1),
			"l.png: 8×12 pixels; the model wants 4×6, and its training pictures were not scaled"},
		{large, scaling, ""},
		{grey, values, "the model wants 1 × 4 × 6 (channels, height, width), values, not bytes"},
		{grey, deep,
			"g.png: 8 bits per channel; the model wants 1 × 4 × 6 (channels, height, width), values of 16 bits"},
		{grey, sixteenth, "the model wants 1 × 4 × 6 (channels, height, width), bytes divided by 16"},
	} {
		_, err := ReadInputs(context.Background(), c.path, c.c)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.path, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.path, err, c.want)
		}
	}
}

// The values of 16-bit pictures are those of the file.
func TestInputsOf16Bits(t *testing.T) {
	img := image.NewGray16(image.Rect(0, 0, 6, 4))
	for i := range 24 {
		img.SetGray16(i%6, i/6, color.Gray16{uint16(150 * i)})
	}
	path := write(t, map[string][]byte{"a.png": encoded(t, img, png.Encode)}) + "/a.png"
	c := pictureContract(1)
	c.PixelScale, c.Depth, c.Mean, c.Std = 1, 16, []float32{1000}, []float32{500}
	in, err := ReadInputs(context.Background(), path, c)
	if err != nil {
		t.Fatal(err)
	}
	for b := range in.Set.Batches(in.Set.Test, BatchOptions{Size: 1}) {
		for i, v := range b.X {
			if want := (float32(150*i) - 1000) / 500; v != want {
				t.Fatalf("pixel %d is %v, want %v", i, v, want)
			}
		}
	}
	_, err = ReadInputs(context.Background(), path, pictureContract(1))
	wantError(t, err, "a.png: 16 bits per channel; the model wants 1 × 4 × 6 (channels, height, width), bytes")
}

// Arrays, alone or in an archive, are laid out as in training; what else there is
// is no input.
func TestInputsOfArrays(t *testing.T) {
	count := func(n int) []byte {
		x := make([]byte, n)
		for i := range x {
			x[i] = byte(i)
		}
		return x
	}
	f4 := func(x []byte) (y []byte) {
		for _, v := range x {
			y = binary.LittleEndian.AppendUint32(y, math.Float32bits(float32(v)))
		}
		return y
	}
	bytes, floats := npyFile("|u1", "(2, 12)", count(24)), npyFile("<f4", "(2, 4, 3)", f4(count(24)))
	archive := func(names ...string) []byte {
		arrays := map[string][]byte{}
		for _, name := range names {
			arrays[name] = bytes
		}
		return npzFile(t, arrays)
	}
	scaled := Contract{Shape: [3]int{1, 3, 4}, PixelScale: 1.0 / 255, Mean: []float32{0}, Std: []float32{1}}
	signal := Contract{Shape: [3]int{3, 1, 4}, PixelScale: 1, Mean: make([]float32, 3), Std: []float32{1, 1, 1},
		Options: Options{Layout: "signal"}}
	first := signal
	first.Shape, first.Options.ChannelsFirst = [3]int{4, 1, 3}, true
	first.Mean, first.Std = make([]float32, 4), []float32{1, 1, 1, 1}
	for name, c := range map[string]struct {
		file string
		data []byte
		c    Contract
		want string // the first values of the first sample, or a part of the error
	}{
		"rows as images": {"a.npy", bytes, scaled, "[0 1 2 3 4]"},
		"in an archive":  {"a.npz", archive("x", "y", "note"), scaled, "[0 1 2 3 4]"},
		"alone in one":   {"a.npz", archive("arr_0"), scaled, "[0 1 2 3 4]"},
		"signals":        {"a.npy", floats, signal, "[0 1 2 3 4]"},
		"channels first": {"a.npy", floats, first, "[0 3 6 9 1]"},
		"no input": {"a.npz", archive("p", "q"), scaled,
			", want one of inputs: x, images, data or features"},
		"two inputs": {"a.npz", archive("x", "x_test"), scaled, "want one of inputs"},
		"floats for bytes": {"a.npy", npyFile("<f4", "(2, 12)", f4(count(24))), scaled,
			"a.npy: numbers of type <f4; the model wants 1 × 3 × 4 (channels, height, width), bytes"},
		"bytes for floats": {"a.npy", npyFile("|u1", "(2, 4, 3)", count(24)), signal,
			"a.npy: numbers of type |u1; the model"},
		"another size": {"a.npy", npyFile("<f4", "(2, 3, 4)", f4(count(24))), signal,
			"a.npy: inputs of 4 × 1 × 3 (channels, height, width); the model wants 3 × 1 × 4"},
		"not a number": {"a.npy", npyFile("<f4", "(2, 4, 3)", append(f4(count(23)), 0, 0, 0xc0, 0x7f)), signal,
			"a[1, 3, 2] is NaN, want a finite number"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := ReadInputs(context.Background(), write(t, map[string][]byte{c.file: c.data})+"/"+c.file, c.c)
			if c.want[0] != '[' {
				wantError(t, err, c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for b := range in.Set.Batches(in.Set.Test, BatchOptions{Size: 2}) {
				for _, v := range b.X[:5] {
					got = append(got, int(math.Round(float64(v/c.c.PixelScale))))
				}
			}
			names := in.Set.Test.Names
			if fmt.Sprint(got) != c.want || len(names) != 2 || !strings.HasSuffix(names[1], c.file+"[1]") {
				t.Errorf("first sample %v, want %s; names %q", got, c.want, names)
			}
		})
	}
}
