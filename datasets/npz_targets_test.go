package datasets

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// TestArraysOfTargets: what an array of labels is for follows from its type and shape, or
// from what is asked for.
func TestArraysOfTargets(t *testing.T) {
	floats := func(v ...float32) []byte { return little(v) }
	ints := func(v ...int64) []byte { return little(v) }
	for name, c := range map[string]struct {
		descr   string
		shape   string
		y       []byte
		opts    Options
		want    Target
		targets []string
		says    []string
	}{
		"reals": {"<f4", "(4,)", floats(0.5, 1, 2, 3), Options{}, NumberTargets, []string{"y[0]"}, nil},
		"two reals": {"<f4", "(4, 2)", floats(0.5, 1, 2, 3, 4, 5, 6, 7), Options{}, NumberTargets,
			[]string{"y[0]", "y[1]"}, nil},
		"whole reals": {"<f4", "(4,)", floats(0, 1, 0, 1), Options{}, 0, nil, []string{"<f4", "task: regression"}},
		"asked for": {"<f4", "(4,)", floats(0, 1, 0, 1), Options{Target: NumberTargets}, NumberTargets,
			[]string{"y[0]"}, nil},
		"integers": {"<i8", "(4,)", ints(0, 1, 0, 1), Options{}, ClassTarget, nil, nil},
		"as numbers": {"<i8", "(4,)", ints(0, 9, 0, 1), Options{Target: NumberTargets}, NumberTargets,
			[]string{"y[0]"}, nil},
		"marks": {"<i8", "(4, 2)", ints(0, 1, 0, 1, 1, 1, 0, 0), Options{}, LabelTargets,
			[]string{"y[0]", "y[1]"}, nil},
		"named": {"|u1", "(4, 2)", []byte{0, 1, 0, 1, 1, 1, 0, 0}, Options{Targets: []string{"disc", "square"}},
			LabelTargets, []string{"disc", "square"}, nil},
		"too few names": {"|u1", "(4, 2)", []byte{0, 1, 0, 1, 1, 1, 0, 0}, Options{Targets: []string{"disc"}}, 0, nil,
			[]string{"1 names", "each of the 2"}},
		"names of classes": {"<i8", "(4,)", ints(0, 1, 0, 1), Options{Targets: []string{"disc"}}, 0, nil,
			[]string{"without effect", "Targets"}},
		"not marks": {"<i8", "(4, 2)", ints(0, 1, 0, 2, 1, 1, 0, 0), Options{Target: LabelTargets}, 0, nil,
			[]string{"y[1]", "2", "0 or 1"}},
		"one hot": {"<i8", "(4, 2)", ints(0, 1, 0, 1, 1, 0, 1, 0), Options{}, 0, nil,
			[]string{"[4 2]", "task: labels"}},
		"bytes": {"|u1", "(4, 2)", []byte{0, 1, 0, 1, 1, 1, 0, 0}, Options{}, LabelTargets,
			[]string{"y[0]", "y[1]"}, nil},
		"another size": {"<f4", "(3,)", floats(0.5, 1, 2), Options{}, 0, nil, []string{"[3]", "4 images"}},
		"masks": {"<i8", "(4, 1, 3)", ints(0, 1, 0, 2, 1, 1, 0, 0, 255, 0, 0, 0), Options{Layout: "image"},
			PixelTargets,
			[]string{"0", "1", "2"}, nil},
		"masks of bytes": {"|u1", "(4, 1, 3)", []byte{0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0}, Options{Layout: "image"},
			PixelTargets, []string{"0", "1"}, nil},
		"masks of another size": {"|u1", "(4, 3, 1)", make([]byte, 12), Options{Layout: "image"}, 0, nil,
			[]string{"[4 3 1]", "[4 1 3]"}},
		"masks of reals": {"<f4", "(4, 1, 3)", floats(make([]float32, 12)...), Options{Layout: "image"}, 0, nil,
			[]string{"<f4", "want integers"}},
		"negative masks": {"<i8", "(4, 1, 3)", ints(0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0), Options{Layout: "image"}, 0,
			nil, []string{"mask 2", "-1"}},
		"great masks": {"<i8", "(4, 1, 3)", ints(0, 0, 0, 0, 0, 0, 0, 1<<40, 0, 0, 0, 0), Options{Layout: "image"}, 0,
			nil, []string{"mask 2", "1099511627776"}},
		"no masks": {"<i8", "(4,)", ints(0, 1, 0, 1), Options{Target: PixelTargets}, 0, nil,
			[]string{"masks of shape [4]"}},
		"no masks to name": {"<i8", "(4,)", ints(0, 1, 0, 1), Options{Masks: Masks{Ignore: 3}}, 0, nil,
			[]string{"Masks", "without effect"}},
	} {
		t.Run(name, func(t *testing.T) {
			shape := "(4, 3)"
			if c.opts.Layout == "image" {
				shape = "(4, 1, 3)"
			}
			x := npyFile("<f4", shape, floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))
			file := npzFile(t, map[string][]byte{"x": x, "y": npyFile(c.descr, c.shape, c.y)})
			dir := write(t, map[string][]byte{"d.npz": file})
			s, err := Open(dir+"/d.npz", c.opts)
			if c.says != nil {
				wantError(t, err, c.says...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Target != c.want || !slices.Equal(s.Targets, c.targets) {
				t.Errorf("%v %q, want %v %q", s.Target, s.Targets, c.want, c.targets)
			}
		})
	}
}

// little is numbers as NumPy writes them.
func little(v any) []byte {
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
		panic(err)
	}
	return b.Bytes()
}
