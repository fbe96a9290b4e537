package datasets

import (
	"context"
	"image"
	"image/color"
	"image/png"
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
		if !slices.Equal(in.Names, want) {
			t.Errorf("inputs %q, want %q", in.Names, want)
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
		{red, pictureContract(1), "r.png: the picture is in colour, the model was trained on grey ones"},
		{large, pictureContract(1), "l.png: 8×12 pixels, the model wants 4×6, and its training scaled no pictures"},
		{large, scaling, ""},
		{grey, values, "the model wants 1 × 4 × 6 (channels, height, width), values, not bytes"},
		{grey, deep, "g.png: 8 bits a channel; the model wants 1 × 4 × 6 (channels, height, width), values"},
		{grey, sixteenth, "the model wants 1 × 4 × 6 (channels, height, width), bytes of which 16 is 1"},
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
