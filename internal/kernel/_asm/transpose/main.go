// Command transpose generates kernel's gemm_transpose_amd64.s, which writes
// four rows of 16 columns at a time from 16 rows of four:
//
//	for i < rows, j < 16:
//		dst[i·width+j] = src[j·ld+i]
//
// rows must be a positive multiple of 4.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	transpose("AVX512", []VecPhysical{Z0, Z1, Z2, Z3}, []VecPhysical{Z4, Z5, Z6, Z7})
	transpose("AVX2", []VecPhysical{Y0, Y1, Y2, Y3}, []VecPhysical{Y4, Y5, Y6, Y7})
	Generate()
}

// transpose generates one path's function.
//
//	in[q]   lane L: four elements of src's row 4·L+q, from column i on
//	mid     pairs of rows interleaved
//	in[t]   row i+t of dst, lane L its columns 4·L to 4·L+3
//
// The lanes gather rows four apart, so that transposing 4×4 within each lane
// leaves whole rows. AVX2 has lanes for 8 columns and goes twice.
func transpose(path string, in, mid []VecPhysical) {
	TEXT("transpose"+path, NOSPLIT, "func(dst, src *float32, rows, ld, width int)")
	Pragma("noescape")
	Doc("transpose" + path + " transposes 16 columns.")
	dst, src, rows := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("rows"), GP64())
	ld, width := Load(Param("ld"), GP64()), Load(Param("width"), GP64())
	SHLQ(U8(2), ld)
	SHLQ(U8(2), width)
	ld3, width3 := triple(ld), triple(width)
	starts := []Register{src}
	for range 3 {
		next := GP64()
		LEAQ(Mem{Base: starts[len(starts)-1]}.Idx(ld, 4), next)
		starts = append(starts, next)
	}
	lanes := len(starts)
	if path == "AVX2" {
		lanes = 2
	}

	Label("rows")
	for half := 0; half < len(starts); half += lanes {
		for q, v := range in {
			VMOVUPS(nth(starts[half], ld, ld3, q), v.AsX())
			for lane := 1; lane < lanes; lane++ {
				insert(path, lane, nth(starts[half+lane], ld, ld3, q), v)
			}
		}
		for q := 0; q < 4; q += 2 {
			VUNPCKLPS(in[q+1], in[q], mid[q])
			VUNPCKHPS(in[q+1], in[q], mid[q+1])
		}
		VUNPCKLPD(mid[2], mid[0], in[0])
		VUNPCKHPD(mid[2], mid[0], in[1])
		VUNPCKLPD(mid[3], mid[1], in[2])
		VUNPCKHPD(mid[3], mid[1], in[3])
		for t, v := range in {
			VMOVUPS(v, nth(dst, width, width3, t).Offset(16*half))
		}
	}
	for _, s := range starts {
		ADDQ(Imm(16), s)
	}
	LEAQ(Mem{Base: dst}.Idx(width, 4), dst)
	SUBQ(Imm(4), rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// triple returns a register of three times r.
func triple(r Register) Register {
	t := GP64()
	LEAQ(Mem{Base: r}.Idx(r, 2), t)
	return t
}

// nth returns the address i times a distance past base, i < 4.
func nth(base, distance, triple Register, i int) Mem {
	switch i {
	case 1, 2:
		return Mem{Base: base}.Idx(distance, uint8(i))
	case 3:
		return Mem{Base: base}.Idx(triple, 1)
	}
	return Mem{Base: base}
}

// insert loads four elements into a lane of v.
func insert(path string, lane int, at Mem, v VecPhysical) {
	if path == "AVX2" {
		VINSERTF128(U8(lane), at, v, v)
		return
	}
	VINSERTF32X4(U8(lane), at, v, v)
}
