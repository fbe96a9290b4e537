package schema

import "fmt"

// Identifier follows the offset of the root table.
const Identifier = "TFL3"

// version is that of the schema.
const version = 3

// Marshal returns the bytes of the file. It fails if petrify does not write one
// of the operators, or an attribute is not one of its operator's.
func (m *Model) Marshal() ([]byte, error) {
	var codes list
	places := map[operatorCode]uint32{}
	var operators list
	for i := range m.Graph.Operators {
		o := &m.Graph.Operators[i]
		code := operatorCode{o.Code, o.Version}
		if _, known := places[code]; !known {
			places[code] = uint32(len(codes))
			codes = append(codes, code.table())
		}
		t, err := o.table(places[code])
		if err != nil {
			return nil, err
		}
		operators = append(operators, t)
	}
	var tensors, buffers, metadata list
	for i := range m.Graph.Tensors {
		tensors = append(tensors, m.Graph.Tensors[i].table())
	}
	for _, data := range m.Buffers {
		buffers = append(buffers, bufferTable(data))
	}
	for i, e := range m.Metadata {
		metadata = append(metadata, table{text(e.Key), number(uint32(len(m.Buffers) + i))})
		buffers = append(buffers, bufferTable([]byte(e.Value)))
	}
	graph := table{tensors, vector(m.Graph.Inputs), vector(m.Graph.Outputs), operators, text(m.Graph.Name)}
	root := table{uint32(version), codes, list{graph}, text(m.Description), buffers, nil, metadata}
	b := &builder{data: append(make([]byte, 4), Identifier...)}
	b.refer(0, root)
	return b.data, nil
}

// operatorCode is what operators refer to.
type operatorCode struct {
	code    Code
	version int32
}

// table has the code twice: as a byte, where old readers look, and in full.
func (c operatorCode) table() table {
	return table{int8(min(c.code, 127)), nil, c.version, int32(c.code)}
}

func (o *Operator) table(code uint32) (table, error) {
	k, ok := kindOf(o.Code)
	if !ok {
		return nil, fmt.Errorf("schema: petrify does not write the operator %v", o.Code)
	}
	options := make(table, len(k.slots))
	for _, a := range o.Attributes {
		i := k.slot(a.Name)
		if i < 0 {
			return nil, fmt.Errorf("schema: %v has no attribute %q", o.Code, a.Name)
		}
		options[i] = k.slots[i].field(a)
	}
	t := table{number(code), vector(o.Inputs), vector(o.Outputs)}
	if k.options != 0 {
		t = append(t, k.options, options)
	}
	return t, nil
}

// slot is the number of the attribute of the given name, −1 if there is none.
func (k kind) slot(name string) int {
	for i, s := range k.slots {
		if s.name == name {
			return i
		}
	}
	return -1
}

func (s slot) field(a Attribute) field {
	switch s.form {
	case byteForm:
		return number(uint8(a.Int))
	case intForm:
		return number(a.Int)
	case floatForm:
		return a.Float
	}
	return vector(a.Ints)
}

func (t *Tensor) table() table {
	var q field
	if len(t.Quant.Scale) > 0 {
		q = table{nil, nil, vector(t.Quant.Scale), vector(t.Quant.Zero), nil, nil, number(t.Quant.Axis)}
	}
	return table{vector(t.Shape), number(uint8(t.Type)), number(t.Buffer), text(t.Name), q}
}

// bufferTable aligns data to 16 bytes, as runtimes that map the file require.
func bufferTable(data []byte) table {
	if len(data) == 0 {
		return table{}
	}
	return table{numbers{len(data), data, 16}}
}
