package datasets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// An array of signals is read as such if it is said to be, and the account says
// how an array was read, with a warning where it could be meant otherwise.
func TestNPZLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		shape  []int // without N
		opts   Options
		want   [3]int
		first  []uint8 // the first sample's first elements
		read   string
		warned string // "": not
	}{
		"signals": {[]int{12, 3}, Options{Layout: "signal"}, [3]int{3, 1, 12}, []uint8{0, 1, 2, 3},
			"x, 4×12×3: signals, length × channels", ""},
		"signals, channels first": {[]int{3, 12}, Options{Layout: "signal", ChannelsFirst: true}, [3]int{3, 1, 12},
			[]uint8{0, 12, 24, 1}, "x, 4×3×12: signals, channels × length", ""},
		"signals of one channel": {[]int{12}, Options{Layout: "signal"}, [3]int{1, 1, 12}, []uint8{0, 1, 2},
			"x, 4×12: signals of one channel", ""},
		"perhaps signals": {[]int{12, 3}, Options{}, [3]int{1, 12, 3}, []uint8{0, 1, 2},
			"x, 4×12×3: grey images, height × width", "layout: signal"},
		"grey images after all": {[]int{12, 3}, Options{Layout: "image"}, [3]int{1, 12, 3}, nil,
			"x, 4×12×3: grey images, height × width", ""},
		"grey images": {[]int{6, 6}, Options{}, [3]int{1, 6, 6}, nil, "x, 4×6×6: grey images, height × width", ""},
		"features":    {[]int{36}, Options{}, [3]int{36, 1, 1}, nil, "x, 4×36: rows of features", ""},
		"rows as images": {[]int{36}, Options{Shape: [3]int{1, 6, 6}}, [3]int{1, 6, 6}, nil,
			"x, 4×36: rows as images, height × width × channels", ""},
		"colour images": {[]int{5, 4, 3}, Options{}, [3]int{3, 5, 4}, nil,
			"x, 4×5×4×3: images, height × width × channels", ""},
		"perhaps channels first": {[]int{3, 5, 6}, Options{}, [3]int{6, 3, 5}, nil,
			"x, 4×3×5×6: images, height × width × channels", "channels_first: true"},
		"channels first": {[]int{3, 5, 6}, Options{ChannelsFirst: true}, [3]int{3, 5, 6}, nil,
			"x, 4×3×5×6: images, channels × height × width", ""},
	} {
		t.Run(name, func(t *testing.T) {
			size, shape := 4, []string{"4"}
			for _, n := range c.shape {
				size, shape = size*n, append(shape, fmt.Sprint(n))
			}
			x := make([]byte, size)
			for i := range x {
				x[i] = byte(i % (size / 4))
			}
			set, err := Open(write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{
				"x": npyFile("|u1", "("+strings.Join(shape, ", ")+")", x),
				"y": npyFile("|u1", "(4,)", []byte{0, 1, 0, 1}),
			})})+"/a.npz", c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if set.Shape != c.want || !slices.Equal(set.Train.Images[:len(c.first)], c.first) {
				t.Errorf("shape %v, begins %v; want %v, %v", set.Shape, set.Train.Images[:len(c.first)], c.want,
					c.first)
			}
			if got := set.Account.Array; got != c.read {
				t.Errorf("read as %q, want %q", got, c.read)
			}
			warnings := strings.Join(set.Account.Warnings, "; ")
			if strings.Contains(warnings, "if ") != (c.warned != "") || !strings.Contains(warnings, c.warned) {
				t.Errorf("warnings %q, want one with %q", warnings, c.warned)
			}
		})
	}
}

func TestNPZLayoutFaults(t *testing.T) {
	for name, c := range map[string]struct {
		shape string
		opts  Options
		want  string
	}{
		"images as signals":   {"(2, 1, 2, 3)", Options{Layout: "signal"}, "want N×L×C or N×L"},
		"features as images":  {"(2, 6)", Options{Layout: "image"}, "want N×H×W or N×H×W×C"},
		"no channels":         {"(2, 6)", Options{Layout: "signal", ChannelsFirst: true}, "no channels to be first"},
		"rows in two manners": {"(2, 6)", Options{Layout: "signal", Shape: [3]int{1, 2, 3}}, "exclude each other"},
		"unknown":             {"(2, 6)", Options{Layout: "video"}, `layout "video"`},
	} {
		t.Run(name, func(t *testing.T) {
			shape := c.shape
			n := 12
			_, err := Open(write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{
				"x": npyFile("|u1", shape, make([]byte, n)), "y": npyFile("|u1", "(2,)", []byte{0, 1}),
			})})+"/a.npz", c.opts)
			wantError(t, err, c.want)
		})
	}
}

// Arrays that are not read are named.
func TestNPZArraysPassedOver(t *testing.T) {
	x, y := npyFile("|u1", "(2, 3)", make([]byte, 6)), npyFile("|u1", "(2,)", []byte{0, 0})
	file := npzFile(t, map[string][]byte{"x": x, "y": y, "ids": y})
	set, err := Open(write(t, map[string][]byte{"a.npz": file})+"/a.npz", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arrays passed over: ids"; !slices.Contains(set.Account.Warnings, want) {
		t.Errorf("warnings %q, want %q", set.Account.Warnings, want)
	}
}
