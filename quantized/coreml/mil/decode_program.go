package mil

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

func (p *Program) decode(b []byte) error {
	functions := 0
	return fields(b, func(f field) error {
		if f.key != 2<<shift|length {
			return nil
		}
		name, function, err := decodeEntry(f.b)
		if err != nil {
			return err
		}
		if functions++; functions > 1 || name != "main" {
			return fmt.Errorf("program: function %q: want one function, main", name)
		}
		return p.decodeFunction(function)
	})
}

func (p *Program) decodeFunction(b []byte) error {
	blocks := 0
	return fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			p.Inputs, err = appendNamed(p.Inputs, f.b)
		case 2<<shift | length:
			p.Opset, err = decodeText(f.b)
		case 3<<shift | length:
			opset, block, err := decodeEntry(f.b)
			if err != nil {
				return err
			}
			if blocks++; blocks > 1 || opset != p.Opset {
				return fmt.Errorf("program: block for opset %q: want one, for the function's opset %q", opset, p.Opset)
			}
			return p.decodeBlock(block)
		}
		return err
	})
}

func (p *Program) decodeBlock(b []byte) error {
	return fields(b, func(f field) error {
		switch f.key {
		case 2<<shift | length:
			name, err := decodeText(f.b)
			p.Outputs = append(p.Outputs, name)
			return err
		case 3<<shift | length:
			op, err := decodeOperation(f.b)
			p.Operations = append(p.Operations, op)
			return err
		}
		return nil
	})
}

func decodeOperation(b []byte) (op Operation, err error) {
	err = fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			op.Type, err = decodeText(f.b)
		case 2<<shift | length:
			name, argument, err := decodeEntry(f.b)
			if err != nil {
				return err
			}
			bindings, err := decodeBindings(argument)
			op.Inputs = append(op.Inputs, Argument{name, bindings})
			return err
		case 3<<shift | length:
			op.Outputs, err = appendNamed(op.Outputs, f.b)
		case 4<<shift | length:
			err = fmt.Errorf("operation %q: nested blocks are not supported", op.Type)
		case 5<<shift | length:
			name, value, err := decodeEntry(f.b)
			if err != nil {
				return err
			}
			v, err := decodeValue(value, 0)
			op.Attributes = append(op.Attributes, Attribute{name, v})
			return err
		}
		return err
	})
	return op, err
}

func decodeBindings(b []byte) (list []Binding, err error) {
	err = fields(b, func(f field) error {
		if f.key != 1<<shift|length {
			return nil
		}
		var binding Binding
		err := fields(f.b, func(f field) (err error) {
			switch f.key {
			case 1<<shift | length:
				binding.Name, err = decodeText(f.b)
			case 2<<shift | length:
				var v Value
				v, err = decodeValue(f.b, 0)
				binding.Value = &v
			}
			return err
		})
		list = append(list, binding)
		return err
	})
	return list, err
}

func appendNamed(list []Named, b []byte) ([]Named, error) {
	var named Named
	err := fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			named.Name, err = decodeText(f.b)
		case 2<<shift | length:
			named.Type, err = decodeType(f.b, 0)
		}
		return err
	})
	if err == nil {
		err = named.Type.known()
	}
	return append(list, named), err
}

func decodeType(b []byte, depth int) (t Type, err error) {
	if depth > maxDepth {
		return t, fmt.Errorf("type: nested deeper than %d", maxDepth)
	}
	err = fields(b, func(f field) error {
		switch f.key {
		case 1<<shift | length:
			return fields(f.b, t.decodeTensor)
		case 2<<shift | length:
			t.List = true
			return fields(f.b, func(f field) (err error) {
				switch f.key {
				case 1<<shift | length:
					t.Elem, err = decodeElem(f.b, depth)
				case 2<<shift | length:
					t.Len, err = decodeDimension(f.b)
				}
				return err
			})
		case 4<<shift | length:
			return fields(f.b, func(f field) (err error) {
				switch f.key {
				case 1<<shift | length:
					t.Key, err = decodeElem(f.b, depth)
				case 2<<shift | length:
					t.Elem, err = decodeElem(f.b, depth)
				}
				return err
			})
		}
		return nil
	})
	switch {
	case err != nil:
		return t, err
	case t.List && t.Elem == nil:
		return t, fmt.Errorf("type: a list without the type of its elements")
	case (t.Key == nil) != (t.Elem == nil) && !t.List:
		return t, fmt.Errorf("type: a dictionary without the type of its keys or values")
	}
	return t, t.known()
}

// known returns an error for a tensor whose elements have no known type, such
// as the zero Type of a value that came without one.
func (t Type) known() error {
	if t.IsTensor() && t.Data != String && t.Data.Bits() == 0 {
		return fmt.Errorf("type: unknown data type %d", t.Data)
	}
	return nil
}

func decodeElem(b []byte, depth int) (*Type, error) {
	t, err := decodeType(b, depth+1)
	return &t, err
}

func (t *Type) decodeTensor(f field) error {
	switch f.key {
	case 1<<shift | varint:
		t.Data = DataType(f.n)
	case 3<<shift | length:
		d, err := decodeDimension(f.b)
		t.Shape = append(t.Shape, d)
		return err
	}
	return nil
}

func decodeDimension(b []byte) (int, error) {
	constant, d := false, uint64(0)
	err := fields(b, func(f field) error {
		if f.key != 1<<shift|length {
			return nil
		}
		constant = true
		return fields(f.b, func(f field) error {
			if f.key == 1<<shift|varint {
				d = f.n
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return 0, err
	case !constant:
		return 0, fmt.Errorf("type: a dimension that is not constant")
	case d > maxElements:
		return 0, fmt.Errorf("type: dimension %d out of range", int64(d))
	}
	return int(d), nil
}

func decodeValue(b []byte, depth int) (v Value, err error) {
	if depth > maxDepth {
		return v, fmt.Errorf("value: nested deeper than %d", maxDepth)
	}
	err = fields(b, func(f field) (err error) {
		switch f.key {
		case 2<<shift | length:
			v.Type, err = decodeType(f.b, 0)
		case 3<<shift | length:
			return fields(f.b, func(f field) error {
				switch f.key {
				case 1<<shift | length:
					return fields(f.b, v.decodeTensor)
				case 3<<shift | length:
					return fields(f.b, func(f field) error {
						elem, err := decodeValue(f.b, depth+1)
						v.List = append(v.List, elem)
						return err
					})
				}
				return nil
			})
		case 5<<shift | length:
			v.Blob = &BlobRef{}
			return fields(f.b, func(f field) (err error) {
				switch f.key {
				case 1<<shift | length:
					v.Blob.File, err = decodeText(f.b)
				case 2<<shift | varint:
					v.Blob.Offset = f.n
				}
				return err
			})
		}
		return err
	})
	if err == nil {
		err = v.Type.known()
	}
	return v, err
}

// decodeTensor reads one of TensorValue's fields, each a message whose field 1
// holds the elements.
func (v *Value) decodeTensor(f field) error {
	number := int(f.key >> shift)
	return fields(f.b, func(f field) error {
		if f.key != 1<<shift|length {
			return nil
		}
		switch number {
		case fieldStrings:
			s, err := decodeText(f.b)
			v.Strings = append(v.Strings, s)
			return err
		case fieldBytes:
			v.Bytes = f.b
			return nil
		}
		return v.decodePacked(number, f.b)
	})
}

func (v *Value) decodePacked(number int, b []byte) error {
	for len(b) > 0 {
		var n int
		switch number {
		case fieldFloats:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(b)
			v.Floats = append(v.Floats, math.Float32frombits(bits))
		case fieldDoubles:
			var bits uint64
			bits, n = protowire.ConsumeFixed64(b)
			v.Doubles = append(v.Doubles, math.Float64frombits(bits))
		case fieldInts, fieldLongs, fieldBools:
			var bits uint64
			bits, n = protowire.ConsumeVarint(b)
			switch number {
			case fieldInts:
				v.Ints = append(v.Ints, int32(bits))
			case fieldLongs:
				v.Longs = append(v.Longs, int64(bits))
			default:
				v.Bools = append(v.Bools, bits != 0)
			}
		default:
			return fmt.Errorf("value: unknown field %d", number)
		}
		if n < 0 {
			return fmt.Errorf("value: field %d: %w", number, protowire.ParseError(n))
		}
		b = b[n:]
	}
	return nil
}
