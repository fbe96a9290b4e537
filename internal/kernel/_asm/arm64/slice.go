package main

// A slice is a parameter that a kernel walks along, and a register of each
// lane that has its name.
type slice struct {
	name, kind string // kind is the type of an element
	in, out    bool   // whether it is read, and written
	pair       bool   // in panels: two pixels a step, whose registers end in a and b
}

func in(name string) slice     { return slice{name: name, kind: "float32", in: true} }
func out(name string) slice    { return slice{name: name, kind: "float32", out: true} }
func update(name string) slice { return slice{name: name, kind: "float32", in: true, out: true} }

// of makes it a slice of another type.
func (s slice) of(kind string) slice {
	s.kind = kind
	return s
}

func (s slice) ofBytes() slice { return s.of("uint8") }

// pairs makes it a slice of two pixels a step.
func (s slice) pairs() slice {
	s.pair = true
	return s
}

// chained reports whether it is a sum whose additions go in chains.
func (s slice) chained() bool { return !s.in && s.kind == "float32" }

// bytes is the size of an element.
func (s slice) bytes() int {
	switch s.kind {
	case "uint8":
		return 1
	case "float64":
		return 8
	}
	return 4
}

// parameter is the slice as a parameter, one more to follow.
func (s slice) parameter() string { return s.name + " *" + s.kind + ", " }
