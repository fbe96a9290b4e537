package torchfile

import (
	"strconv"
	"strings"
)

// instructions is the table of a pickle's instructions, by their byte.
var instructions = [256]func(m *machine){
	0x80: func(m *machine) { m.take(1) }, // the protocol
	0x95: func(m *machine) { m.take(8) }, // the size of a frame
	'.':  func(m *machine) { m.done = true },

	// constants
	'N':  func(m *machine) { m.push(nil) },
	0x88: func(m *machine) { m.push(true) },
	0x89: func(m *machine) { m.push(false) },
	'I':  func(m *machine) { m.decimal(m.line()) },
	'L':  func(m *machine) { m.decimal(m.line()) },
	'J':  func(m *machine) { m.push(int64(int32(m.number(4)))) },
	'K':  func(m *machine) { m.push(int64(m.number(1))) },
	'M':  func(m *machine) { m.push(int64(m.number(2))) },
	0x8a: func(m *machine) { m.long(m.number(1)) },
	0x8b: func(m *machine) { m.long(m.number(4)) },
	'F':  func(m *machine) { m.real(m.line()) },
	'G':  (*machine).binaryReal,
	'S':  func(m *machine) { m.push(strings.Trim(m.line(), `'"`)) },
	'V':  func(m *machine) { m.push(m.line()) },
	'T':  func(m *machine) { m.push(string(m.take(m.number(4)))) },
	'U':  func(m *machine) { m.push(string(m.take(m.number(1)))) },
	'X':  func(m *machine) { m.push(string(m.take(m.number(4)))) },
	'B':  func(m *machine) { m.push(string(m.take(m.number(4)))) },
	'C':  func(m *machine) { m.push(string(m.take(m.number(1)))) },
	0x8c: func(m *machine) { m.push(string(m.take(m.number(1)))) },
	0x8d: func(m *machine) { m.push(string(m.take(m.number(8)))) },
	0x8e: func(m *machine) { m.push(string(m.take(m.number(8)))) },
	0x96: func(m *machine) { m.push(string(m.take(m.number(8)))) },

	// the stack and the memory
	'(':  func(m *machine) { m.push(mark{}) },
	'0':  func(m *machine) { m.pop() },
	'1':  func(m *machine) { m.marked() },
	'2':  func(m *machine) { m.push(m.top()) },
	'g':  func(m *machine) { m.get(m.index()) },
	'h':  func(m *machine) { m.get(m.number(1)) },
	'j':  func(m *machine) { m.get(m.number(4)) },
	'p':  func(m *machine) { m.memo[m.index()] = m.top() },
	'q':  func(m *machine) { m.memo[m.number(1)] = m.top() },
	'r':  func(m *machine) { m.memo[m.number(4)] = m.top() },
	0x94: func(m *machine) { m.memo[uint64(len(m.memo))] = m.top() },

	// containers; of sets only the presence matters
	'}':  func(m *machine) { m.push(&dict{}) },
	'd':  func(m *machine) { pairs := m.marked(); m.push(&dict{}); m.set(pairs) },
	's':  func(m *machine) { v := m.pop(); k := m.pop(); m.set([]any{k, v}) },
	'u':  func(m *machine) { m.set(m.marked()) },
	']':  func(m *machine) { m.push(&list{}) },
	'l':  func(m *machine) { m.push(&list{m.marked()}) },
	'a':  func(m *machine) { m.add(m.pop()) },
	'e':  func(m *machine) { m.add(m.marked()...) },
	')':  func(m *machine) { m.push(tuple{}) },
	't':  func(m *machine) { m.push(tuple(m.marked())) },
	0x85: func(m *machine) { m.tuple(1) },
	0x86: func(m *machine) { m.tuple(2) },
	0x87: func(m *machine) { m.tuple(3) },
	0x8f: func(m *machine) { m.push(object{"set"}) },
	0x90: func(m *machine) { m.marked() },
	0x91: func(m *machine) { m.marked(); m.push(object{"frozenset"}) },

	// functions and classes: by name only
	'c':  func(m *machine) { module := m.line(); m.push(global(module + "." + m.line())) },
	0x93: (*machine).stackGlobal,
	'R':  func(m *machine) { args := m.pop(); m.called(m.pop(), args) },
	0x81: func(m *machine) { args := m.pop(); m.called(m.pop(), args) },
	0x92: func(m *machine) { m.pop(); args := m.pop(); m.called(m.pop(), args) },
	'b':  func(m *machine) { m.pop() }, // the state of the object below
	'Q':  func(m *machine) { m.persistent(m.pop()) },
}

// index is a place in the memory, in text.
func (m *machine) index() uint64 {
	n, err := strconv.ParseUint(m.line(), 10, 32)
	if err != nil {
		m.fail("the pickle remembers at no number")
	}
	return n
}

func (m *machine) stackGlobal() {
	name, _ := m.pop().(string)
	module, _ := m.pop().(string)
	m.push(global(module + "." + name))
}
