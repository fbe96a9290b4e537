package mil

import (
	"math"
	"testing"
)

// TestFloat16Exhaustively: every binary16 value survives, and every number
// between two neighbours rounds to the nearer one, the middle to the even one.
func TestFloat16Exhaustively(t *testing.T) {
	for bits := uint16(0); bits < 0x7c00; bits++ { // all that are finite and not negative
		r := DecodeFloat16(bits)
		for _, sign := range []uint16{0, 0x8000} {
			if got := EncodeFloat16(DecodeFloat16(bits | sign)); got != bits|sign {
				t.Fatalf("%#04x decodes to %v, which encodes to %#04x", bits|sign, DecodeFloat16(bits|sign), got)
			}
		}
		next := DecodeFloat16(bits + 1)
		if bits+1 == 0x7c00 {
			next = 65536 // where infinity begins to be nearer
		}
		middle, even := (r+next)/2, bits+bits&1
		for _, c := range []struct {
			r    float64
			want uint16
		}{{middle, even}, {math.Nextafter(middle, 0), bits}, {math.Nextafter(middle, 1e6), bits + 1}} {
			if got := EncodeFloat16(c.r); got != c.want {
				t.Fatalf("EncodeFloat16(%v) = %#04x: want %#04x", c.r, got, c.want)
			}
		}
	}
}

func TestFloat16Values(t *testing.T) {
	for _, c := range []struct {
		r    float64
		bits uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {65520, 0x7c00}, {math.Inf(-1), 0xfc00},
		{0x1p-14, 0x0400}, {0x1p-24, 0x0001}, {0x1p-25, 0x0000}, {1.0 / 3, 0x3555}, {math.NaN(), 0x7e00},
	} {
		if got := EncodeFloat16(c.r); got != c.bits {
			t.Errorf("EncodeFloat16(%v) = %#04x: want %#04x", c.r, got, c.bits)
		}
	}
	if r := DecodeFloat16(0x7e00); r == r {
		t.Errorf("0x7e00 is %v: want NaN", r)
	}
	if r := DecodeFloat16(0xfc00); r != math.Inf(-1) {
		t.Errorf("0xfc00 is %v: want -Inf", r)
	}
}

// TestRoundFloat16: rounding is encoding and decoding, next to each float16, each
// tie between two, and the ends.
func TestRoundFloat16(t *testing.T) {
	for bits := range uint32(1 << 16) {
		r := DecodeFloat16(uint16(bits))
		next := DecodeFloat16(uint16(bits) + 1)
		tie := r/2 + next/2
		for _, v := range []float64{r, tie, math.Nextafter(tie, r), math.Nextafter(tie, next), r * 1.0003} {
			got, want := Float16.Round(v), DecodeFloat16(EncodeFloat16(v))
			if got != want && (got == got || want == want) || math.Signbit(got) != math.Signbit(want) && got == got {
				t.Fatalf("%v rounds to %v, want %v", v, got, want)
			}
		}
	}
	for _, v := range []float64{65519.99, 65520, -65520, 1e300, math.Inf(-1), 0x1p-25, 0x1.8p-25, -0x1p-26} {
		if got, want := Float16.Round(v), DecodeFloat16(EncodeFloat16(v)); got != want {
			t.Errorf("%v rounds to %v, want %v", v, got, want)
		}
	}
}
