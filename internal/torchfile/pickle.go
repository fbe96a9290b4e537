package torchfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The values of a pickle are nil, bool, int64, float64, string, and these.
type (
	dict   struct{ keys, values []any }
	list   struct{ items []any }
	tuple  []any
	global string // a function or class: module.name

	// object is what a function that is not called would have made.
	object struct{ class global }

	// storage is a piece of memory that tensors share.
	storage struct {
		class    global
		key      string
		elements int64
	}

	// view is a tensor.
	view struct {
		storage      *storage
		offset       int64
		size, stride []int64
	}

	mark struct{}
)

// mostSteps limits the instructions of a pickle.
const mostSteps = 1 << 21

// machine runs a pickle.
type machine struct {
	data  []byte // what is left
	stack []any
	memo  map[uint64]any
	named map[string]*storage // the storages, by their keys
	err   error
	done  bool
}

// unpickle runs the pickle at the start of data. The machine holds what follows
// it.
func unpickle(data []byte) (any, *machine, error) {
	m := &machine{data: data, memo: map[uint64]any{}, named: map[string]*storage{}}
	for steps := 0; m.err == nil && !m.done; steps++ {
		op := m.take(1)
		switch run := instructions[op[0]]; {
		case m.err != nil:
		case steps == mostSteps:
			m.fail("a pickle of more than %d instructions", mostSteps)
		case run == nil:
			m.fail("instruction %#x of a pickle is unknown", op[0])
		default:
			run(m)
		}
	}
	return m.pop(), m, m.err
}

func (m *machine) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

// take is the next n bytes, or a few zeros if there are less.
func (m *machine) take(n uint64) []byte {
	if n > uint64(len(m.data)) {
		m.fail("the pickle ends too early")
		return make([]byte, min(n, 8))
	}
	taken := m.data[:n]
	m.data = m.data[n:]
	return taken
}

// number is the next n bytes, an unsigned integer.
func (m *machine) number(n int) uint64 {
	var all [8]byte
	copy(all[:], m.take(uint64(n)))
	return binary.LittleEndian.Uint64(all[:])
}

// line is the text up to the end of the line.
func (m *machine) line() string {
	text, rest, ok := bytes.Cut(m.data, []byte{'\n'})
	if !ok {
		m.fail("the pickle ends too early")
		return ""
	}
	m.data = rest
	return string(text)
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// top is the value on top of the stack.
func (m *machine) top() any {
	if len(m.stack) == 0 {
		m.fail("the pickle takes a value from an empty stack")
		return nil
	}
	return m.stack[len(m.stack)-1]
}

func (m *machine) pop() any {
	v := m.top()
	m.stack = m.stack[:max(0, len(m.stack)-1)]
	return v
}

// marked takes the values above the last mark, and the mark.
func (m *machine) marked() []any {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if m.stack[i] == (mark{}) {
			all := append([]any(nil), m.stack[i+1:]...)
			m.stack = m.stack[:i]
			return all
		}
	}
	m.fail("the pickle has no mark")
	return nil
}

// set adds keys and values to the dictionary on top of the stack. What is done
// to an object is passed over.
func (m *machine) set(pairs []any) {
	d, ok := m.top().(*dict)
	if !ok {
		return
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		d.keys, d.values = append(d.keys, pairs[i]), append(d.values, pairs[i+1])
	}
}

// add adds items to the list on top of the stack.
func (m *machine) add(items ...any) {
	if l, ok := m.top().(*list); ok {
		l.items = append(l.items, items...)
	}
}

func (m *machine) tuple(n int) {
	if n > len(m.stack) {
		m.fail("the pickle takes a value from an empty stack")
		return
	}
	at := len(m.stack) - n
	t := tuple(append([]any(nil), m.stack[at:]...))
	m.stack = append(m.stack[:at], t)
}

// get pushes what was remembered.
func (m *machine) get(at uint64) {
	v, ok := m.memo[at]
	if !ok {
		m.fail("the pickle remembers nothing at %d", at)
	}
	m.push(v)
}

// called pushes what a function makes of its arguments, without calling it.
func (m *machine) called(f, arguments any) {
	name, _ := f.(global)
	args, _ := arguments.(tuple)
	switch name {
	case "collections.OrderedDict":
		m.push(&dict{})
	case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
		v, err := viewOf(args)
		if err != nil {
			m.fail("%w", err)
		}
		m.push(v)
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(args) == 0 {
			m.fail("a parameter without a tensor")
			return
		}
		m.push(args[0])
	case "torch.Size":
		if len(args) == 1 {
			m.push(args[0])
			return
		}
		m.push(tuple{})
	default:
		m.push(object{name})
	}
}

// viewOf is the tensor with the arguments of PyTorch's function that makes it.
func viewOf(args tuple) (*view, error) {
	if len(args) < 4 {
		return nil, errors.New("a tensor is described by too few values")
	}
	if len(args) > 6 { // torch.Tensor's bits of how the numbers are meant
		meant, _ := args[6].(*dict)
		for _, key := range []string{"neg", "conj"} {
			if meant != nil && meant.get(key) == true {
				return nil, fmt.Errorf("a tensor is stored as what its numbers are the %s of: save "+
					"tensor.resolve_%s()", map[string]string{"neg": "negative", "conj": "conjugate"}[key], key)
			}
		}
	}
	v := &view{}
	var ok [4]bool
	v.storage, ok[0] = args[0].(*storage)
	v.offset, ok[1] = args[1].(int64)
	v.size, ok[2] = integers(args[2])
	v.stride, ok[3] = integers(args[3])
	if ok != [4]bool{true, true, true, true} || len(v.size) != len(v.stride) {
		return nil, errors.New("a tensor is described by other values than a storage, an offset, sizes and strides")
	}
	return v, nil
}

func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	all := make([]int64, len(t))
	for i, e := range t {
		n, isInt := e.(int64)
		all[i], ok = n, ok && isInt
	}
	return all, ok
}

// persistent pushes the storage that a tuple names: ("storage", class, key,
// device, elements, view), the last in old files only.
func (m *machine) persistent(id any) {
	t, _ := id.(tuple)
	if len(t) < 5 || t[0] != "storage" {
		m.push(object{"a persistent object"})
		return
	}
	class, ok1 := t[1].(global)
	key, ok2 := t[2].(string)
	elements, ok3 := t[4].(int64)
	if !ok1 || !ok2 || !ok3 || elements < 0 || len(t) > 5 && t[5] != nil {
		m.fail("a storage is described by other values than a class, a key and a size")
	}
	if m.named[key] == nil {
		m.named[key] = &storage{class, key, elements}
	}
	m.push(m.named[key])
}

// decimal is an integer in text, with L at the end if it is long; 00 and 01 are
// booleans.
func (m *machine) decimal(text string) {
	if text == "00" || text == "01" {
		m.push(text == "01")
		return
	}
	text = strings.TrimSuffix(text, "L")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		m.push(text) // longer than any size
		return
	}
	m.push(n)
}

// long is an integer of n bytes, two's complement.
func (m *machine) long(n uint64) {
	b := m.take(n)
	if len(b) > 8 {
		m.push(fmt.Sprintf("%x", b[:min(len(b), 32)])) // longer than any size
		return
	}
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	if shift := 64 - 8*len(b); len(b) > 0 {
		m.push(int64(v<<shift) >> shift)
		return
	}
	m.push(int64(0))
}

func (m *machine) real(text string) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		m.fail("%q is no number", text)
	}
	m.push(v)
}

func (m *machine) binaryReal() { m.push(math.Float64frombits(binary.BigEndian.Uint64(m.take(8)))) }
