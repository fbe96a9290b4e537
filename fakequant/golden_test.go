package fakequant_test

import (
	"fmt"
	"math"
	"testing"

	"codeberg.org/sbinet/npyio/npz"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// The golden values are PyTorch 1.13's; testdata/golden.py wrote them and
// describes them. Case k has format goldenFormats[k mod 9] and three batches
// of 4 channels of 6 values.
const goldenFile = "testdata/golden.npz"

var goldenFormats = []struct {
	format affine.Format
	scheme affine.Scheme
}{
	{affine.Int8, affine.Symmetric},
	{affine.Int8Narrow, affine.Symmetric},
	{affine.Uint8, affine.Affine},
	{affine.Format{Bits: 4}, affine.Symmetric},
	{affine.Int8, affine.Affine},
	{affine.Format{Bits: 4, Unsigned: true}, affine.Affine},
	{affine.Uint8, affine.Symmetric},
	{affine.Format{Bits: 2, Narrow: true}, affine.Symmetric},
	{affine.Format{Bits: 4, Unsigned: true}, affine.Symmetric},
}

const (
	goldenCases    = 240
	goldenChannels = 4
	goldenSize     = 24 // elements of a batch
)

// golden reads arrays of the golden file.
type golden struct {
	t testing.TB
	r *npz.Reader
}

func openGolden(t testing.TB) golden {
	t.Helper()
	r, err := npz.Open(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return golden{t, r}
}

func read[T float32 | int32 | uint8](g golden, name string) []T {
	g.t.Helper()
	var a []T
	if err := g.r.Read(name+".npy", &a); err != nil {
		g.t.Fatalf("%s: %v", name, err)
	}
	return a
}

// row is case k of an array of equally long cases.
func row[T any](a []T, k int) []T {
	n := len(a) / goldenCases
	return a[k*n : (k+1)*n]
}

// TestGolden compares three training steps with PyTorch's: scale, zero point
// and output bit by bit, and which gradients pass.
func TestGolden(t *testing.T) {
	perChannel := affine.Granularity{Kind: affine.PerChannel}
	for _, pair := range []struct {
		name        string
		dialect     affine.Dialect
		observer    observers.Config
		granularity affine.Granularity
	}{
		{"min_max", affine.Torch, observers.Config{Kind: observers.MinMax}, affine.Granularity{}},
		{"moving_average", affine.Torch, observers.Config{}, affine.Granularity{}},
		{"moving_average", affine.CoreML, observers.Config{}, affine.Granularity{}},
		{"moving_average_one", affine.Torch, observers.Config{Constant: 1}, affine.Granularity{}},
		{"ema", affine.CoreML, observers.Config{Kind: observers.EMA}, affine.Granularity{}},
		{"last_value", affine.Torch, observers.Config{Kind: observers.LastValue}, affine.Granularity{}},
		{"xnnpack", affine.XNNPACK, observers.Config{}, affine.Granularity{}},
		{"channel_min_max", affine.Torch, observers.Config{Kind: observers.MinMax}, perChannel},
		{"channel_moving_average", affine.Torch, observers.Config{}, perChannel},
		{"channel_last_value", affine.Torch, observers.Config{Kind: observers.LastValue}, perChannel},
		{"fused", affine.TorchFused, observers.Config{}, affine.Granularity{}},
		{"channel_fused", affine.TorchFused, observers.Config{}, perChannel},
	} {
		t.Run(pair.name+"/"+pair.dialect.String(), func(t *testing.T) {
			g := openGolden(t)
			x, dy := read[float32](g, "x"), read[float32](g, "dy")
			scale, zero := read[float32](g, pair.name+"/scale"), read[int32](g, pair.name+"/zero")
			y, passes := read[float32](g, pair.name+"/y"), read[uint8](g, pair.name+"/passes")
			for k := range goldenCases {
				q := ready(t, fakequant.Config{
					Format: goldenFormats[k%9].format, Scheme: goldenFormats[k%9].scheme,
					Dialect: pair.dialect, Observer: pair.observer, Granularity: pair.granularity,
				}, goldenChannels)
				gotY, gotDX := make([]float32, goldenSize), make([]float32, goldenSize)
				batches, use := row(x, k), q.Use()
				for b := range 3 {
					q.Begin()
					if err := use.Forward(gotY, batches[b*goldenSize:(b+1)*goldenSize]); err != nil {
						t.Fatal(err)
					}
				}
				if err := use.Backward(gotDX, nil, row(dy, k), batches[2*goldenSize:]); err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("case %d, %v %v", k, goldenFormats[k%9].format, goldenFormats[k%9].scheme)
				same(t, name+": scale", q.Params().Scale, row(scale, k))
				same(t, name+": zero point", q.Params().Zero, row(zero, k))
				same(t, name+": y", gotY, row(y, k))
				same(t, name+": dx", gotDX, masked(row(dy, k), row(passes, k)))
			}
		})
	}
}

// masked is dy where passes is 1, else 0.
func masked(dy []float32, passes []uint8) []float32 {
	dx := make([]float32, len(dy))
	for i, pass := range passes {
		dx[i] = dy[i] * float32(pass)
	}
	return dx
}

// same fails unless got equals want; ±0 are equal.
func same[T float32 | int32](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

// close32 fails unless got is want to the given relative precision.
func close32(t *testing.T, what string, got, want []float32, relative float64) {
	t.Helper()
	for i := range want {
		size := math.Max(math.Abs(float64(got[i])), math.Abs(float64(want[i])))
		if math.Abs(float64(got[i])-float64(want[i])) > relative*size {
			t.Errorf("%s[%d] = %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}
