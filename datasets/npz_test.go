package datasets

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The file that NumPy wrote; see testdata/README.
func TestNPZFromNumPy(t *testing.T) {
	set, err := Open("testdata/numpy.npz", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if set.Name != "numpy" || set.Shape != [3]int{3, 2, 2} || !slices.Equal(set.Classes, []string{"0", "1", "2"}) {
		t.Errorf("name %s, shape %v, classes %v", set.Name, set.Shape, set.Classes)
	}
	if want := []int32{0, 2, 1, 0}; !slices.Equal(set.Train.Labels, want) {
		t.Errorf("labels %v, want %v", set.Train.Labels, want)
	}
	if want := []int32{1, 2}; !slices.Equal(set.Test.Labels, want) {
		t.Errorf("test labels %v, want %v", set.Test.Labels, want)
	}
	for i, p := range set.Train.Images {
		if int(p) != i {
			t.Fatalf("pixel %d is %d", i, p)
		}
	}
	if p := set.Test.Images; len(p) != 24 || p[23] != 123 {
		t.Errorf("test pixels %v, want 100 … 123", p)
	}
	if set.PixelScale != 1.0/255 {
		t.Errorf("pixel scale %v, want 1/255", set.PixelScale)
	}
}

// Every element type reads 0, 1, 2, 3.
func TestNPYTypes(t *testing.T) {
	encode := func(put func([]byte, uint64) []byte) (b []byte) {
		for i := range uint64(4) {
			b = put(b, i)
		}
		return b
	}
	var little, big = binary.LittleEndian, binary.BigEndian
	for descr, data := range map[string][]byte{
		"|u1": {0, 1, 2, 3},
		"|i1": {0, 1, 2, 3},
		"<i2": encode(func(b []byte, i uint64) []byte { return little.AppendUint16(b, uint16(i)) }),
		">u2": encode(func(b []byte, i uint64) []byte { return big.AppendUint16(b, uint16(i)) }),
		"<u4": encode(func(b []byte, i uint64) []byte { return little.AppendUint32(b, uint32(i)) }),
		">i4": encode(func(b []byte, i uint64) []byte { return big.AppendUint32(b, uint32(i)) }),
		"<i8": encode(little.AppendUint64),
		">u8": encode(big.AppendUint64),
		"<f4": encode(func(b []byte, i uint64) []byte { return little.AppendUint32(b, math.Float32bits(float32(i))) }),
		">f8": encode(func(b []byte, i uint64) []byte { return big.AppendUint64(b, math.Float64bits(float64(i))) }),
	} {
		t.Run(descr, func(t *testing.T) {
			path := write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{
				"X": npyFile(descr, "(4, 1)", data), "Y": npyFile("|u1", "(4,)", []byte{0, 0, 0, 0}),
			})}) + "/a.npz"
			parts, _, err := newLoading(t.Context(), Options{}).readNPZ(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			x := parts[toTrain].x
			name := strings.NewReplacer("u", "uint", "i", "int", "f", "float", "1", "8", "2", "16", "4", "32", "8",
				"64").
				Replace(descr[1:])
			if got := x.typeName(); got != name {
				t.Errorf("type %s, want %s", got, name)
			}
			for i := range 4 {
				var got float32
				if x.bytes != nil {
					got = float32(x.bytes[i])
				} else {
					got = x.floats[i]
				}
				if got != float32(i) {
					t.Errorf("element %d is %v", i, got)
				}
			}
		})
	}
}

// The least and the greatest number of each integer type, and those around the greatest of
// the signed one, as features; as labels, those that are no int64 are refused.
func TestNPYExtremes(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for width := 1; width <= 8; width *= 2 {
			for _, kind := range "ui" {
				half := uint64(1) << (8*width - 1)
				var data []byte
				var want []float32
				for _, v := range []uint64{0, 1, half - 1, half, 2*half - 1} {
					b := order.AppendUint64(nil, v)
					if order.String() == binary.BigEndian.String() {
						data = append(data, b[8-width:]...)
					} else {
						data = append(data, b[:width]...)
					}
					if kind == 'i' && v >= half {
						want = append(want, -float32(2*half-v)) // 2·half is 0 of 64 bits, as it should be
					} else {
						want = append(want, float32(v))
					}
				}
				descr := fmt.Sprintf("%c%c%d", map[bool]byte{true: '>', false: '<'}[order.String() == binary.BigEndian.String()],
					kind, width)
				dir := write(t, map[string][]byte{
					"x.npz": npzFile(t, map[string][]byte{"x": npyFile(descr, "(5, 1)", data), "y": npyFile("|u1", "(5,)", make([]byte, 5))}),
					"y.npz": npzFile(t, map[string][]byte{"x": npyFile("|u1", "(5, 1)", make([]byte, 5)), "y": npyFile(descr, "(5,)", data)})})
				parts, _, err := newLoading(t.Context(), Options{}).readNPZ(dir+"/x.npz", Options{})
				if err != nil || !slices.Equal(parts[toTrain].x.numbers(), want) {
					t.Errorf("%s: %v, %v, want %v", descr, parts[toTrain].x.numbers(), err, want)
				}
				_, _, err = newLoading(t.Context(), Options{}).readNPZ(dir+"/y.npz", Options{})
				if refused := err != nil && strings.Contains(err.Error(), "2⁶³ or more"); refused != (descr[1:] == "u8") {
					t.Errorf("%s as labels: %v", descr, err)
				}
			}
		}
	}
}

func TestNPZNegativeNumbers(t *testing.T) {
	path := write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{
		"x": npyFile("|i1", "(2, 2)", []byte{0xff, 0x80, 3, 4}), "y": npyFile("|u1", "(2,)", []byte{0, 0}),
	})}) + "/a.npz"
	set, err := Open(path, Options{TestFraction: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(values(set.Train, 2), values(set.Test, 2))
	slices.Sort(all)
	if want := []float32{-128, -1, 3, 4}; !slices.Equal(all, want) {
		t.Errorf("values %v, want %v", all, want)
	}
}

func TestNPZShapes(t *testing.T) {
	x := make([]byte, 24)
	for i := range x {
		x[i] = byte(i)
	}
	for name, c := range map[string]struct {
		shape string
		opts  Options
		want  [3]int
		first []byte // the first image's first pixels
	}{
		"rows":           {"(2, 12)", Options{}, [3]int{12, 1, 1}, []byte{0, 1, 2}},
		"rows as images": {"(2, 12)", Options{Shape: [3]int{3, 2, 2}}, [3]int{3, 2, 2}, []byte{0, 1, 2}},
		"rows as images by planes": {"(2, 12)", Options{Shape: [3]int{3, 2, 2}, ChannelsFirst: true},
			[3]int{3, 2, 2}, []byte{0, 4, 8}},
		"grey images":   {"(2, 3, 4)", Options{}, [3]int{1, 3, 4}, []byte{0, 1, 2}},
		"colour images": {"(2, 2, 2, 3)", Options{}, [3]int{3, 2, 2}, []byte{0, 1, 2}},
		"colour images by planes": {"(2, 3, 2, 2)", Options{ChannelsFirst: true}, [3]int{3, 2, 2},
			[]byte{0, 4, 8, 1}},
		"a table without labels":       {"(2, 12)", Options{Label: "none"}, [3]int{12, 1, 1}, []byte{0, 1, 2}},
		"one image split from the two": {"(2, 12)", Options{TestFraction: 0.1}, [3]int{12, 1, 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			arrays := map[string][]byte{"train_images": npyFile("|u1", c.shape, x)}
			if c.opts.Label != "none" {
				arrays["train_labels"] = npyFile("|u1", "(2,)", []byte{0, 1})
			}
			if c.opts.TestFraction == 0 {
				arrays["test_images"], arrays["test_labels"] = arrays["train_images"], arrays["train_labels"]
			}
			if c.opts.Label == "none" {
				delete(arrays, "test_labels")
			}
			set, err := Open(write(t, map[string][]byte{"a.npz": npzFile(t, arrays)})+"/a.npz", c.opts)
			if c.opts.TestFraction != 0 {
				// One image of each class cannot be in both splits.
				wantError(t, err, "no test images")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if set.Shape != c.want {
				t.Errorf("shape %v, want %v", set.Shape, c.want)
			}
			if got := set.Train.Images[:len(c.first)]; !slices.Equal(got, c.first) {
				t.Errorf("begins %v, want %v", got, c.first)
			}
			if labelled := c.opts.Label != "none"; labelled != (len(set.Classes) == 2) {
				t.Errorf("classes %v", set.Classes)
			}
		})
	}
}

func TestReadArrays(t *testing.T) {
	dir := write(t, map[string][]byte{"w.npz": npzFile(t, map[string][]byte{
		"a": npyFile("<f4", "(1, 2)", []byte{0, 0, 128, 63, 0, 0, 0, 192}),
		"b": npyFile("|u1", "(3,)", []byte{1, 2, 3}),
		"c": []byte("passed over"),
	})})
	arrays, err := ReadArrays(dir+"/w.npz", func(name string) bool { return name != "c" })
	if err != nil || len(arrays) != 2 {
		t.Fatalf("%d arrays, %v", len(arrays), err)
	}
	slices.SortFunc(arrays, func(a, b Array) int { return strings.Compare(a.Name, b.Name) })
	want := []Array{{"a", "<f4", []int{1, 2}, []float32{1, -2}}, {"b", "|u1", []int{3}, []float32{1, 2, 3}}}
	if !reflect.DeepEqual(arrays, want) {
		t.Errorf("%v, want %v", arrays, want)
	}
}

func TestNPZSecondFile(t *testing.T) {
	one := npzFile(t, map[string][]byte{"x": npyFile("|u1", "(2, 1, 1)", []byte{1, 2}),
		"y": npyFile("|u1", "(2,)", []byte{0, 1})})
	two := npzFile(t, map[string][]byte{"x": npyFile("|u1", "(1, 1, 1)", []byte{9}),
		"y": npyFile("|u1", "(1,)", []byte{1})})
	dir := write(t, map[string][]byte{"one.npz": one, "two.npz": two})
	set, err := Open(dir+"/one.npz", Options{Test: dir + "/two.npz"})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 2 || set.Test.Len() != 1 || set.Test.Images[0] != 9 || len(set.Classes) != 2 {
		t.Errorf("train %+v, test %+v, classes %v", set.Train, set.Test, set.Classes)
	}
}

// NaN in row 17 of x is reported there, wherever division puts the row, and in
// the file and array that hold it.
func TestNPZReportsTheRowOfNaN(t *testing.T) {
	data := make([]byte, 4*30*6)
	binary.LittleEndian.PutUint32(data[4*(17*6+5):], math.Float32bits(float32(math.NaN())))
	bad, good := npyFile("<f4", "(30, 2, 3)", data), npyFile("<f4", "(30, 2, 3)", make([]byte, 4*30*6))
	y := npyFile("|u1", "(30,)", make([]byte, 30))
	dir := write(t, map[string][]byte{
		"x.npz":    npzFile(t, map[string][]byte{"x": bad, "y": y}),
		"good.npz": npzFile(t, map[string][]byte{"x": good, "y": y}),
		"val.npz":  npzFile(t, map[string][]byte{"x": good, "y": y, "x_val": bad, "y_val": y}),
	})
	for seed := range uint64(5) {
		_, err := Open(dir+"/x.npz", Options{Seed: seed})
		wantError(t, err, dir+"/x.npz: x[17, 1, 2] is NaN, want a finite number")
	}
	_, err := Open(dir+"/good.npz", Options{Test: dir + "/x.npz"})
	wantError(t, err, dir+"/x.npz: x[17, 1, 2] is NaN")
	_, err = Open(dir+"/val.npz", Options{})
	wantError(t, err, dir+"/val.npz: x_val[17, 1, 2] is NaN")
}

func TestNPZFaults(t *testing.T) {
	x, y := npyFile("|u1", "(2, 3)", make([]byte, 6)), npyFile("|u1", "(2,)", []byte{0, 1})
	for name, c := range map[string]struct {
		x, y []byte
		opts Options
		want []string
	}{
		"no npy file": {[]byte("PNG, perhaps"), y, Options{}, []string{"x.npy", "byte 0", "magic string"}},
		"unknown version": {append([]byte("\x93NUMPY\x09\x00"), x[8:]...), y, Options{},
			[]string{"x.npy", "byte 6", "version 9"}},
		"header cut":        {x[:20], y, Options{}, []string{"x.npy", "byte 20", "announced"}},
		"no shape":          {npyFile("|u1', 'x': '", "", nil)[:40], y, Options{}, []string{"x.npy"}},
		"elements cut":      {x[:len(x)-1], y, Options{}, []string{"x.npy", "6 bytes announced, 5 found"}},
		"too many elements": {append(slices.Clone(x), 1), y, Options{}, []string{"x.npy", "more data"}},
		"objects":           {npyFile("|O", "(2, 3)", nil), y, Options{}, []string{"x.npy", `"|O"`, "|u1"}},
		"half precision":    {npyFile("<f2", "(2, 3)", nil), y, Options{}, []string{"x.npy", `"<f2"`}},
		"huge shape": {npyFile("<f8", "(10000000000, 1000000000)", nil), y, Options{},
			[]string{"x.npy", "shape (10000000000, 1000000000): want at most"}},
		"open shape": {npyFile("|u1", "(2, 3", make([]byte, 6)), y, Options{},
			[]string{"x.npy", "shape has no closing parenthesis"}},
		"large shape": {npyFile("<f8", "(1000, 1000, 1000)", nil), y, Options{},
			[]string{"x.npy", "8000000000 bytes announced, at most"}},
		"negative shape":  {npyFile("|u1", "(2, -3)", nil), y, Options{}, []string{"x.npy", "shape"}},
		"no rows":         {npyFile("|u1", "(0, 3)", nil), y, Options{}, []string{"[0 3]", "want N×H×W"}},
		"labels of words": {x, npyFile("<U3", "(2,)", make([]byte, 24)), Options{}, []string{"y.npy", `"<U3"`}},
		"fractional labels": {x, npyFile("<f4", "(2,)", make([]byte, 8)), Options{},
			[]string{"<f4", "integers", "task: regression"}},
		"huge label": {x, npyFile("<i8", "(2,)", []byte{15: 0x80}), Options{},
			[]string{"label -9223372036854775808 of image 1", "32 bits"}},
		"too few labels": {x, npyFile("|u1", "(1,)", []byte{0}), Options{},
			[]string{"labels of shape [1] for 2 images"}},
		"one-hot labels": {x, npyFile("|u1", "(2, 3)", make([]byte, 6)), Options{},
			[]string{"labels of shape [2 3]"}},
		"not a number": {npyFile("<f4", "(2, 1)", []byte{0, 0, 192, 127, 0, 0, 0, 0}),
			npyFile("|u1", "(2,)", []byte{0, 0}), Options{}, []string{"NaN", "finite"}},
		"label option":         {x, y, Options{Label: "species"}, []string{"species"}},
		"size option":          {x, y, Options{Size: [2]int{2, 2}}, []string{"Size"}},
		"shape that disagrees": {x, y, Options{Shape: [3]int{1, 2, 2}}, []string{"3 columns", "[1 2 2]"}},
		"no channels":          {x, y, Options{ChannelsFirst: true}, []string{"no channels to be first"}},
		"two candidates":       {nil, y, Options{}, []string{"two arrays", "x of the training split"}},
	} {
		t.Run(name, func(t *testing.T) {
			arrays := map[string][]byte{"x": c.x, "y": c.y}
			if c.x == nil {
				arrays["x"], arrays["images"] = x, x
			}
			dir := write(t, map[string][]byte{"a.npz": npzFile(t, arrays)})
			_, err := Open(dir+"/a.npz", c.opts)
			if c.opts.Size == [2]int{} {
				c.want = append(c.want, "a.npz")
			}
			wantError(t, err, c.want...)
		})
	}
	t.Run("column-major", func(t *testing.T) {
		fortran := []byte(string(npyFile("|u1", "(2, 3)", make([]byte, 6))))
		at := slices.Index(fortran, 'F')
		copy(fortran[at:], "True ")
		dir := write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{"x": fortran, "y": y})})
		_, err := Open(dir+"/a.npz", Options{})
		wantError(t, err, "column-major", "ascontiguousarray")
	})
	t.Run("nothing known", func(t *testing.T) {
		dir := write(t, map[string][]byte{"a.npz": npzFile(t, map[string][]byte{"weights": x})})
		_, err := Open(dir+"/a.npz", Options{})
		wantError(t, err, "arrays weights", "x_train")
	})
	t.Run("no zip archive", func(t *testing.T) {
		dir := write(t, map[string][]byte{"a.npz": []byte("hello")})
		_, err := Open(dir+"/a.npz", Options{})
		wantError(t, err, "a.npz", "zip")
	})
}
