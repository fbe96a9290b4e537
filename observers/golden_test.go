package observers_test

import (
	"testing"

	"codeberg.org/sbinet/npyio/npz"

	"petrify/fakequant/affine"
	"petrify/observers"
)

// The golden values are PyTorch 1.13's ranges after each of three batches of
// 240 cases, written and described by fakequant/testdata/golden.py.
const (
	goldenFile    = "testdata/golden.npz"
	goldenCases   = 240
	goldenBatches = 3
)

func readGolden(t testing.TB, name string) []float32 {
	t.Helper()
	r, err := npz.Open(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var a []float32
	if err := r.Read(name+".npy", &a); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return a
}

// TestGolden compares the range after each batch with PyTorch's, bit by bit.
func TestGolden(t *testing.T) {
	for _, test := range []struct {
		name   string
		kind   observers.Kind
		groups int
		x      string
	}{
		{"min_max", observers.MinMax, 1, "x"},
		{"moving_average", observers.MovingAverage, 1, "x"},
		{"last_value", observers.LastValue, 1, "x"},
		{"ema", observers.EMA, 1, "x"},
		{"channel_min_max", observers.MinMax, 4, "x"},
		{"channel_moving_average", observers.MovingAverage, 4, "x"},
		{"histogram", observers.TorchHistogram, 1, "histogram/x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x, min, max := readGolden(t, test.x), readGolden(t, test.name+"/min"), readGolden(t, test.name+"/max")
			size, n := len(x)/goldenCases/goldenBatches, test.groups
			gotMin, gotMax := make([]float32, n), make([]float32, n)
			for k := range goldenCases {
				o, err := observers.New(observers.Config{Kind: test.kind},
					observers.Target{Layout: affine.Layout{N: n}, Format: affine.Int8})
				if err != nil {
					t.Fatal(err)
				}
				for b := range goldenBatches {
					at := k*goldenBatches + b
					if _, err := o.Observe(x[at*size : (at+1)*size]); err != nil {
						t.Fatal(err)
					}
					o.Range(gotMin, gotMax)
					for i := range n {
						if gotMin[i] != min[at*n+i] || gotMax[i] != max[at*n+i] {
							t.Fatalf("case %d, batch %d, group %d: range = %v..%v, want %v..%v",
								k, b, i, gotMin[i], gotMax[i], min[at*n+i], max[at*n+i])
						}
					}
				}
			}
		})
	}
}
