package main

import (
	"fmt"
	"regexp"
	"strings"
)

// lanes are vectors that a piece of code treats alike. The code names its
// registers. A name is a lane's own, unless it was shared before:
//
//	fmul y.4s, x.4s, scale.4s
//
// name@i is lane i's.
type lanes struct {
	f      *function
	shared map[string]int
	own    []map[string]int
	taken  int
}

func newLanes(f *function, n int) *lanes {
	l := &lanes{f: f, shared: map[string]int{}}
	for range n {
		l.own = append(l.own, map[string]int{})
	}
	return l
}

// share gives all lanes one register of that name.
func (l *lanes) share(name string) int {
	if _, ok := l.shared[name]; !ok {
		l.shared[name] = l.take()
	}
	return l.shared[name]
}

// at is the register of a lane, which is taken at its first use.
func (l *lanes) at(name string, lane int) int {
	if reg, ok := l.shared[name]; ok {
		return reg
	}
	if _, ok := l.own[lane][name]; !ok {
		l.own[lane][name] = l.take()
	}
	return l.own[lane][name]
}

func (l *lanes) take() int {
	l.taken++
	if l.taken > 32 {
		panic("too many vector registers: " + l.f.name)
	}
	return l.taken - 1
}

var named = regexp.MustCompile(`\b([a-z]\w*)(?:@(\d))?\.(\d*[bhsd])\b`)

// each adds code for each lane, line by line, so that neighbouring
// instructions are independent.
func (l *lanes) each(code string) {
	for line := range strings.Lines(code) {
		for lane := range l.own {
			l.line(line, lane)
		}
	}
}

// once adds code for all lanes together, which share its names.
func (l *lanes) once(code string) {
	for line := range strings.Lines(code) {
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			if m[2] == "" {
				l.share(m[1])
			}
		}
		l.line(line, 0)
	}
}

// line adds an instruction for a lane.
func (l *lanes) line(line string, lane int) {
	line = strings.Join(strings.Fields(line), " ")
	if line == "" {
		return
	}
	l.f.p("%s", named.ReplaceAllStringFunc(line, func(s string) string {
		m, of := named.FindStringSubmatch(s), lane
		if m[2] != "" {
			of = int(m[2][0] - '0')
		}
		return fmt.Sprintf("v%d.%s", l.at(m[1], of), m[3])
	}))
}

// load loads four elements of some bytes for each lane.
func (l *lanes) load(name, at string, bytes int) {
	for i := range l.own {
		l.f.p("%s %d(%s), F%d", move(bytes), 4*bytes*i, at, l.at(name, i))
	}
}

// store stores four elements of some bytes of each lane.
func (l *lanes) store(name, at string, bytes int) {
	for i := range l.own {
		l.f.p("%s F%d, %d(%s)", move(bytes), l.at(name, i), 4*bytes*i, at)
	}
}

// move is the instruction that loads or stores four elements.
func move(bytes int) string {
	if bytes == 1 {
		return "FMOVS"
	}
	return "FMOVQ"
}
