package schema

import "fmt"

// Unmarshal reads a file. Constant data and strings alias data.
func Unmarshal(data []byte) (*Model, error) {
	root, err := open(data)
	if err != nil {
		return nil, err
	}
	p := root.p
	if p == nil {
		return nil, fmt.Errorf("schema: %w", errBroken)
	}
	if v := root.uint32(0); p.err == nil && v != version {
		return nil, fmt.Errorf("schema: version %d: want %d", v, version)
	}
	m := &Model{Description: root.text(3)}
	var codes []operatorCode
	root.list(1, func(r record) { codes = append(codes, codeOf(r)) })
	root.list(4, func(r record) { m.Buffers = append(m.Buffers, r.vector(0, 1)) })
	var faults []error
	graphs := 0
	root.list(2, func(r record) {
		graphs++
		m.Graph = graphOf(r, codes, &faults)
	})
	m.metadata(root)
	switch {
	case p.err != nil:
		return nil, fmt.Errorf("schema: %w", p.err)
	case graphs != 1:
		return nil, fmt.Errorf("schema: %d graphs: want 1", graphs)
	case faults != nil:
		return nil, faults[0]
	}
	return m, m.check()
}

// metadata reads the entries, and takes their buffers, which are the last ones
// in files that petrify wrote, out of the model's.
func (m *Model) metadata(root record) {
	first := len(m.Buffers)
	root.list(6, func(r record) {
		i := int64(r.uint32(1))
		if i >= int64(len(m.Buffers)) {
			root.p.fail()
			return
		}
		first = min(first, int(i))
		m.Metadata = append(m.Metadata, Entry{r.text(0), string(m.Buffers[i])})
	})
	if first+len(m.Metadata) == len(m.Buffers) {
		m.Buffers = m.Buffers[:first]
	}
}

func codeOf(r record) operatorCode {
	c := operatorCode{max(Code(int8(r.byte(0))), Code(r.int32(3))), 1}
	if _, ok := r.place(2); ok {
		c.version = r.int32(2)
	}
	return c
}

func graphOf(r record, codes []operatorCode, faults *[]error) Graph {
	g := Graph{Name: r.text(4), Inputs: parsed[int32](r, 1), Outputs: parsed[int32](r, 2)}
	r.list(0, func(t record) { g.Tensors = append(g.Tensors, tensorOf(t)) })
	r.list(3, func(t record) {
		place := t.uint32(0)
		if int64(place) >= int64(len(codes)) {
			t.p.fail()
			return
		}
		o, err := operatorOf(t, codes[place])
		if err != nil {
			*faults = append(*faults, err)
		}
		g.Operators = append(g.Operators, o)
	})
	return g
}

func tensorOf(r record) Tensor {
	t := Tensor{Shape: parsed[int32](r, 0), Type: Type(r.byte(1)), Buffer: r.uint32(2), Name: r.text(3)}
	q := r.table(4)
	t.Quant = Quant{parsed[float32](q, 2), parsed[int64](q, 3), q.int32(6)}
	return t
}

func operatorOf(r record, c operatorCode) (Operator, error) {
	o := Operator{Code: c.code, Version: c.version, Inputs: parsed[int32](r, 1), Outputs: parsed[int32](r, 2)}
	k, ok := kindOf(c.code)
	if !ok {
		return o, fmt.Errorf("schema: petrify does not know the operator %v", c.code)
	}
	if got := r.byte(3); got != k.options && got != 0 {
		return o, fmt.Errorf("schema: %v with options of type %d: want %d", c.code, got, k.options)
	}
	options := r.table(4)
	for i, s := range k.slots {
		if _, ok := options.place(i); ok {
			o.Attributes = append(o.Attributes, s.attribute(options, i))
		}
	}
	return o, nil
}

func (s slot) attribute(r record, i int) Attribute {
	a := Attribute{Name: s.name}
	switch s.form {
	case byteForm:
		a.Int = int32(r.byte(i))
	case intForm:
		a.Int = r.int32(i)
	case floatForm:
		a.Float = r.float32(i)
	default:
		a.Ints = parsed[int32](r, i)
	}
	return a
}

// check makes sure that every index is within its list.
func (m *Model) check() error {
	g := &m.Graph
	lists := [][]int32{g.Inputs, g.Outputs}
	for i := range g.Operators {
		lists = append(lists, g.Operators[i].Inputs, g.Operators[i].Outputs)
	}
	for _, places := range lists {
		for _, i := range places {
			if i < -1 || int(i) >= len(g.Tensors) { // −1: an input that is left out
				return fmt.Errorf("schema: tensor %d of %d", i, len(g.Tensors))
			}
		}
	}
	for i := range g.Tensors {
		if b := g.Tensors[i].Buffer; int64(b) >= int64(len(m.Buffers)) {
			return fmt.Errorf("schema: tensor %q is in buffer %d of %d", g.Tensors[i].Name, b, len(m.Buffers))
		}
	}
	return nil
}
