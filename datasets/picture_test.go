package datasets

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"testing"
)

func TestPicture(t *testing.T) {
	labels := []int32{0, 0}
	for _, tt := range []struct {
		name string
		set  Set
		want []color.RGBA // of the second image, from its upper left
	}{
		{"grey bytes", Set{Shape: [3]int{1, 2, 2}, PixelScale: 1.0 / 16, Test: &Split{Labels: labels,
			Images: []uint8{0, 0, 0, 0, 0, 8, 16, 4}}},
			[]color.RGBA{{0, 0, 0, 255}, {128, 128, 128, 255}, {255, 255, 255, 255}, {64, 64, 64, 255}}},
		{"colour", Set{Shape: [3]int{3, 2, 2}, PixelScale: 1.0 / 255, Test: &Split{Labels: labels[:1], Rows: []int32{1},
			Images: []uint8{11: 0, 12: 1, 13: 2, 14: 3, 21: 255, 22: 9, 23: 7}}},
			[]color.RGBA{{1, 2, 3, 255}, {0, 0, 0, 255}, {0, 0, 0, 255}, {255, 9, 7, 255}}},
		{"values", Set{Shape: [3]int{1, 2, 2}, PixelScale: 1, Test: &Split{Labels: labels,
			Values: []float32{0, 0, 0, 0, -2, 2, 0, 1}}},
			[]color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {128, 128, 128, 255}, {191, 191, 191, 255}}},
		{"row of a table", Set{Shape: [3]int{4, 1, 1}, Test: &Split{Labels: labels, Values: make([]float32, 8)}}, nil},
		{"five channels", Set{Shape: [3]int{5, 2, 2}, Test: &Split{Labels: labels, Values: make([]float32, 40)}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, ok := tt.set.Picture(tt.set.Test, tt.set.Test.Len()-1)
			var got []color.RGBA
			for i := 0; ok && i < 4; i++ {
				got = append(got, m.At(i%2, i/2).(color.RGBA))
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// A network that gives back its input, normalised and with channels first, is shown as the
// input is; what is beyond black and white is cut off.
func TestPictureOfTheInputIsThePicture(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, channels := range []int{1, 3} {
		for _, values := range []bool{false, true} {
			s := Set{Shape: [3]int{channels, 3, 2}, PixelScale: 1}
			n := channels * 6
			split := &Split{Labels: make([]int32, 2)}
			for range 2 * n {
				if values {
					split.Values = append(split.Values, float32(rng.NormFloat64()))
				} else {
					split.Images = append(split.Images, uint8(rng.IntN(256)))
				}
			}
			if !values {
				s.PixelScale = 1.0 / 255
			}
			for c := range channels {
				s.Mean, s.Std = append(s.Mean, 0.1*float32(c+1)), append(s.Std, 0.5+float32(c))
			}
			y := make([]float32, n)
			for at := range n { // H W C
				v := float32(0)
				if values {
					v = split.Values[n+at]
				} else {
					v = float32(split.Images[n+at]) * s.PixelScale
				}
				c := at % channels
				y[c*6+at/channels] = (v - s.Mean[c]) / s.Std[c]
			}
			want, _ := s.Picture(split, 1)
			got, ok := s.PictureOf(split, 1, y)
			for i := range 6 {
				a, b := want.At(i%2, i/2).(color.RGBA), got.At(i%2, i/2).(color.RGBA)
				if !ok || apart(a.R, b.R) > 1 || apart(a.G, b.G) > 1 || apart(a.B, b.B) > 1 {
					t.Errorf("%d channels, values=%v: %v, want %v", channels, values, b, a)
				}
			}
			for i := range y {
				y[i] = 1e9
			}
			if m, _ := s.PictureOf(split, 1, y); m.At(0, 0).(color.RGBA).R != 255 {
				t.Errorf("%d channels, values=%v: the greatest is %v", channels, values, m.At(0, 0))
			}
			if _, ok := s.PictureOf(split, 1, y[1:]); ok {
				t.Error("a picture of another size")
			}
		}
	}
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
