package fakequant

import (
	"math"
	"testing"

	"codeberg.org/sbinet/npyio/npz"

	"petrify/fakequant/affine"
)

// scaleGradients returns the gradients of one group, without gradient scale.
func scaleGradients(dy, x []float32, s float32, z int32, cfg Config) (dx []float32, ds, dz float64) {
	c := &core{cfg: cfg, layout: affine.Layout{N: 1}}
	g := &grid{Params: affine.Params{Scale: []float32{s}, Zero: []int32{z}}}
	y, dx := make([]float32, len(x)), make([]float32, len(x))
	c.round(g, y, x)
	c.mask(g, dx, dy, x)
	return dx, scaleSum(dy, y, dx, x) / float64(s), -float64(s) * clippedSum(dy, dx)
}

// TestLSQByHand is a case that can be checked by hand: x/s = −6, −2.4, −0.52,
// 0, 0.6, 1.48, 2.52, 10, rounded −6, −2, −1, 0, 1, 1, 3, 10.
func TestLSQByHand(t *testing.T) {
	x := []float32{-3, -1.2, -0.26, 0, 0.3, 0.74, 1.26, 5}
	dy := []float32{1, 1, 1, 1, 1, 1, 1, 1}
	dx, ds, dz := scaleGradients(dy, x, 0.5, 0, Config{Format: affine.Format{Bits: 3}})
	for i, want := range []float32{0, 1, 1, 1, 1, 1, 1, 0} {
		if dx[i] != want {
			t.Errorf("dx[%d] = %v, want %v", i, dx[i], want)
		}
		if y, want := affine.Fake(x[i], 0.5, 0, affine.Format{Bits: 3}),
			[]float32{-2, -1, -0.5, 0, 0.5, 0.5, 1.5, 1.5}[i]; y != want {
			t.Errorf("y[%d] = %v, want %v", i, y, want)
		}
	}
	if math.Abs(ds - -0.68) > 1e-6 || dz != -1 {
		t.Errorf("Σ ds = %v, Σ dz = %v; want −0.68, −1", ds, dz)
	}
}

// TestGoldenLearnable compares the gradients of LSQ and LSQ+ with those of
// PyTorch 1.13's _LearnableFakeQuantize, 240 cases per tensor and per channel
// (see testdata/golden.py): dx exactly, the sums to 1e-6 of their terms' size.
func TestGoldenLearnable(t *testing.T) {
	r, err := npz.Open("testdata/golden.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read := func(name string, dst any) {
		t.Helper()
		if err := r.Read(name+".npy", dst); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	formats := []affine.Format{
		affine.Int8, affine.Int8Narrow, affine.Uint8, {Bits: 4}, affine.Int8,
		{Bits: 4, Unsigned: true}, affine.Uint8, {Bits: 2, Narrow: true}, {Bits: 4, Unsigned: true},
	}
	const cases, size = 240, 24
	var x, dy []float32
	read("x", &x)
	read("dy", &dy)
	for _, pair := range []struct {
		name   string
		groups int
	}{{"learnable", 1}, {"channel_learnable", 4}} {
		var scale, y, dscale, dzero []float32
		var zero []int32
		var passes []uint8
		read(pair.name+"/scale", &scale)
		read(pair.name+"/zero", &zero)
		read(pair.name+"/y", &y)
		read(pair.name+"/passes", &passes)
		read(pair.name+"/dscale", &dscale)
		read(pair.name+"/dzero", &dzero)
		for k := range cases {
			f := formats[k%len(formats)]
			g := 1 / math.Sqrt(size*float64(f.Max())) // PyTorch's: all elements, also per channel
			x, dy := x[(3*k+1)*size:(3*k+2)*size], dy[k*size:(k+1)*size]
			for i := range pair.groups {
				s, z := scale[k*pair.groups+i], zero[k*pair.groups+i]
				n := size / pair.groups
				from, to := i*n, (i+1)*n
				// Per tensor, PyTorch rounds z in its backward pass by adding ½ and
				// truncating, which moves a negative one up by 1.
				back := z
				if z < 0 && pair.groups == 1 {
					back++
				}
				dx, ds, dz := scaleGradients(dy[from:to], x[from:to], s, back, Config{Format: f, Dialect: affine.Torch})
				ds, dz = g*ds, g*dz
				for j := range dx {
					at := k*size + from + j
					if want := dy[from+j] * float32(passes[at]); dx[j] != want {
						t.Errorf("%s, case %d, %v: dx[%d] = %v, want %v", pair.name, k, f, from+j, dx[j], want)
					}
					if got := affine.Torch.Arithmetic().Fake(x[from+j], s, z, f); got != y[at] {
						t.Errorf("%s, case %d, %v: y[%d] = %v, want %v", pair.name, k, f, from+j, got, y[at])
					}
				}
				terms := 0.0 // the size of what was summed: sums may cancel
				for j := range dx {
					terms += math.Abs(float64(dy[from+j])) * math.Max(float64(back-f.Min()), float64(f.Max()-back))
				}
				if want := float64(dscale[k*pair.groups+i]); math.Abs(ds-want) > 1e-6*g*terms {
					t.Errorf("%s, case %d, %v: ds = %v, want %v", pair.name, k, f, ds, want)
				}
				if want := float64(dzero[k*pair.groups+i]); math.Abs(dz-want) > 1e-6*g*float64(s)*terms {
					t.Errorf("%s, case %d, %v: dz = %v, want %v", pair.name, k, f, dz, want)
				}
			}
		}
	}
}
