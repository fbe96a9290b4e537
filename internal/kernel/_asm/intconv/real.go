package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// reals generates the way from rows×c accumulators to real numbers:
//
//	y[r,j] = float32(acc[r,j])·m[j] + bias[j]
//
// with and without the bias.
//
//	vector 0  values of one row
//	14–15     m, bias
//	K1        in AVX-512, which of the channels exist
func reals() {
	for _, name := range []string{"realBias", "real"} {
		realKernel(name+"AVX512", 16, zmm, func(left GPVirtual) { firstLanes(atMost(left, 16), K1) },
			func(from Mem, to VecPhysical) { VMOVUPS_Z(from, K1, to) },
			func(from VecPhysical, to Mem) { VMOVUPS(from, K1, to) })
		realKernel(name+"AVX2", 8, ymm, func(GPVirtual) {},
			func(from Mem, to VecPhysical) { VMOVUPS(from, to) },
			func(from VecPhysical, to Mem) { VMOVUPS(from, to) })
	}
}

func realKernel(name string, lanes int, v []VecPhysical, begin func(left GPVirtual),
	read func(from Mem, to VecPhysical), write func(from VecPhysical, to Mem)) {
	TEXT(name, NOSPLIT, "func(y *float32, acc *int32, m, bias *float32, rows, c int)")
	Pragma("noescape")
	Doc(name + " is realsGeneric.")
	left, j, row := load("c"), GP64(), load("c")
	SHLQ(U8(2), row)
	XORQ(j, j)
	Label("panel")
	begin(left)
	m, bias, acc, y, rows := load("m"), load("bias"), load("acc"), load("y"), load("rows")
	read(Mem{Base: m}.Idx(j, 4), v[14])
	read(Mem{Base: bias}.Idx(j, 4), v[15])
	LEAQ(Mem{Base: acc}.Idx(j, 4), acc)
	LEAQ(Mem{Base: y}.Idx(j, 4), y)
	Label("row")
	read(Mem{Base: acc}, v[0])
	VCVTDQ2PS(v[0], v[0])
	VMULPS(v[14], v[0], v[0])
	if strings.HasPrefix(name, "realBias") {
		VADDPS(v[15], v[0], v[0])
	}
	write(v[0], Mem{Base: y})
	ADDQ(row, acc)
	ADDQ(row, y)
	DECQ(rows)
	JNZ(LabelRef("row"))
	ADDQ(U32(lanes), j)
	SUBQ(U32(lanes), left)
	JG(LabelRef("panel"))
	VZEROUPPER()
	RET()
}
