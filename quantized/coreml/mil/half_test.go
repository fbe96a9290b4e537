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
