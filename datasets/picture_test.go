package datasets

import (
	"fmt"
	"image/color"
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
