// Package rows is what the generators of blocks of rows share: arguments,
// row addresses, one piece of code per number of rows.
package rows

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Reach is how many rows one pointer reaches: 0, 1, 2 and 4 times the
// distance by the address's scale, 3 by a register of its own.
const Reach = 5

// Pointers walk along rows at equal distances.
type Pointers struct {
	Each             []GPVirtual // one for every Reach rows
	Distance, Triple GPVirtual   // between rows, and three times it, in bytes
}

// NewPointers loads the distance between rows from an argument.
func NewPointers(distance string) Pointers {
	p := Pointers{Distance: Bytes(distance), Triple: GP64()}
	LEAQ(Mem{Base: p.Distance}.Idx(p.Distance, 2), p.Triple)
	return p
}

// Point sets the pointers of a number of rows, the first one given.
func (p *Pointers) Point(first GPVirtual, rows int) {
	p.Each = []GPVirtual{first}
	for i := Reach; i < rows; i += Reach {
		next := GP64()
		LEAQ(Mem{Base: p.Each[len(p.Each)-1]}.Idx(p.Distance, 4), next)
		ADDQ(p.Distance, next)
		p.Each = append(p.Each, next)
	}
}

// Row returns the address of row i.
func (p Pointers) Row(i int) Mem {
	m := Mem{Base: p.Each[i/Reach]}
	switch i % Reach {
	case 1, 2, 4:
		return m.Idx(p.Distance, uint8(i%Reach))
	case 3:
		return m.Idx(p.Triple, 1)
	}
	return m
}

// Move advances all pointers.
func (p Pointers) Move(by Op) {
	for _, r := range p.Each {
		ADDQ(by, r)
	}
}

// Argument loads an argument.
func Argument(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// Bytes loads an argument that counts floats, and turns it into bytes.
func Bytes(name string) GPVirtual {
	r := Argument(name)
	SHLQ(U8(2), r)
	return r
}

// Walk emits f for the rows of a matrix that begins at address at, which it
// advances.
func Walk(at, distance GPVirtual, rows int, f func(i int, at Mem)) {
	for i := range rows {
		f(i, Mem{Base: at})
		if i < rows-1 {
			ADDQ(distance, at)
		}
	}
}

// Cases emits the jump to the case that argument m names, and the cases, each
// returning. The last is the default.
func Cases(cases []int, emit func(label string, m int)) {
	m := Argument("m")
	label := func(c int) string { return fmt.Sprint("rows", c) }
	last := len(cases) - 1
	for _, c := range cases[:last] {
		CMPQ(m, U32(c))
		JEQ(LabelRef(label(c)))
	}
	for i := range cases {
		c := cases[last-i]
		Label(label(c))
		emit(label(c), c)
		VZEROUPPER()
		RET()
	}
}

// Down counts from n to 1.
func Down(n int) []int {
	var all []int
	for ; n > 0; n-- {
		all = append(all, n)
	}
	return all
}

// Vectors are the registers of a path, all of them.
var (
	Y = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	Z = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
)
