package affine_test

import (
	"fmt"
	"testing"

	"petrify/fakequant/affine"
)

func ExampleGranularity_On() {
	shape := []int{16, 8, 3, 3} // a convolution's O I KH KW
	for _, g := range []affine.Granularity{
		{},
		{Kind: affine.PerChannel},
		{Kind: affine.PerChannel, Axis: 1},
		{Kind: affine.PerGroup, Axis: 1, Size: 4},
	} {
		l, _ := g.On(shape...)
		outer, inner, _ := l.Blocks(16 * 8 * 3 * 3)
		fmt.Printf("%-15v %2d × %2d scales × %4d elements\n", g, outer, l.N, inner)
	}
	// Output:
	// per_tensor       1 ×  1 scales × 1152 elements
	// per_channel      1 × 16 scales ×   72 elements
	// per_channel:1   16 ×  8 scales ×    9 elements
	// per_group:1:4    1 × 32 scales ×   36 elements
}

func TestGranularityRejects(t *testing.T) {
	for _, test := range []struct {
		g     affine.Granularity
		shape []int
	}{
		{affine.Granularity{Kind: affine.PerChannel, Axis: 2}, []int{8, 3}},
		{affine.Granularity{Kind: affine.PerChannel, Axis: -1}, []int{8, 3}},
		{affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 2}, []int{8, 3}},
		{affine.Granularity{Kind: affine.PerGroup, Axis: 1}, []int{8, 3}},
		{affine.Granularity{Kind: affine.PerChannel}, []int{0}},
	} {
		if _, err := test.g.On(test.shape...); err == nil {
			t.Errorf("%v on %v: no error", test.g, test.shape)
		}
	}
	if _, _, err := (affine.Layout{N: 3}).Blocks(7); err == nil {
		t.Error("7 elements among 3 scales: no error")
	}
	if _, _, err := (affine.Layout{N: 3}).Blocks(0); err == nil {
		t.Error("no elements among 3 scales: no error")
	}
}

// TestNames checks that what String writes, Parse reads.
func TestNames(t *testing.T) {
	roundTrip(t, affine.ParseScheme, affine.Schemes()...)
	roundTrip(t, affine.ParseDialect, affine.Dialects()...)
	roundTrip(t, affine.ParseRounding, affine.Roundings()...)
	roundTrip(t, affine.ParseFormat, affine.Int8Narrow, affine.Int8, affine.Uint8, affine.Format{},
		affine.Format{Bits: 4}, affine.Ternary, affine.Binary)
	roundTrip(t, affine.ParseGranularity, affine.Granularity{}, affine.Granularity{Kind: affine.PerChannel},
		affine.Granularity{Kind: affine.PerChannel, Axis: 3},
		affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 32})
}

func roundTrip[T interface {
	comparable
	fmt.Stringer
}](t *testing.T, parse func(string) (T, error), values ...T) {
	t.Helper()
	for _, v := range values {
		if got, err := parse(v.String()); err != nil || got != v {
			t.Errorf("parse(%q) = %v, %v; want %v", v, got, err, v)
		}
	}
	for _, bad := range []string{"", "INT8", "int1", "int1_narrow", "int9", "uint8_narrow", "per_group:1", "per_group:1:0",
		"per_channel:-1", "per_tensor:0"} {
		if got, err := parse(bad); err == nil {
			t.Errorf("parse(%q) = %v, want an error", bad, got)
		}
	}
}

// FuzzParse checks that every parser accepts what is printed, and nothing that
// is printed differently.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"int8", "uint4", "int2_narrow", "int1_narrow", "binary", "float32", "per_group:1:32", "per_channel",
		"per_tensor", "affine", "torch_fused", "half_up", "int08"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prints(t, affine.ParseFormat, text)
		prints(t, affine.ParseGranularity, text)
		prints(t, affine.ParseScheme, text)
		prints(t, affine.ParseDialect, text)
		prints(t, affine.ParseRounding, text)
	})
}

func prints[T interface {
	comparable
	fmt.Stringer
}](t *testing.T, parse func(string) (T, error), text string) {
	t.Helper()
	v, err := parse(text)
	if err != nil {
		return
	}
	if again, err := parse(v.String()); err != nil || again != v {
		t.Errorf("%q is %v, and that is %v, %v", text, v, again, err)
	}
}
