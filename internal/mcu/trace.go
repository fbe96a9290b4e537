package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// spent is what a layer took.
type spent struct{ instructions, cycles float64 }

// instruction is one of a program.
type instruction struct {
	name, operands string
	next           uint64 // address
	ends           bool   // a block of QEMU's: it may jump
}

// trace executes a program one block at a time, and returns what each layer took by the core's timing.
func (t trial) trace(dir string) ([]spent, error) {
	program, err := t.disassemble(dir)
	if err != nil {
		return nil, err
	}
	line := append(append([]string{}, t.command("program")...), "-d", "exec,nochain", "-D", "/dev/stderr")
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = dir
	blocks, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	all, err := follow(blocks, program, t.timing, t.page)
	_, _ = io.Copy(io.Discard, blocks) // so that the program can end
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	return all, err
}

var (
	blockLine       = regexp.MustCompile(`^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/[^\]]*\] (\S*)`)
	instructionLine = regexp.MustCompile(`^\s*([0-9a-f]+):\t(\S+)(?:\t(.*))?$`)
	jump            = regexp.MustCompile(`^(b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?|bl|blx|bx|cbn?z|tb[bh]|` +
		`j|jal|jr|jalr|ret|b(eqz|nez|lez|gez|ltz|gtz|ltu|geu|gtu|leu)|bkpt|svc|ebreak)$`)
)

// disassemble reads the instructions of a program.
func (t trial) disassemble(dir string) (map[uint64]instruction, error) {
	text, err := output(dir, t.compiler+"objdump", "-d", "--no-show-raw-insn", "program")
	if err != nil {
		return nil, err
	}
	all := map[uint64]instruction{}
	var last uint64
	for line := range strings.Lines(string(text)) {
		m := instructionLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		at, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			return nil, err
		}
		if before, ok := all[last]; ok && before.next == 0 {
			before.next = at
			all[last] = before
		}
		name := strings.TrimSuffix(strings.TrimSuffix(m[2], ".n"), ".w")
		all[at] = instruction{name: name, operands: m[3], ends: ends(name, m[3])}
		last = at
	}
	return all, nil
}

// ends reports whether an instruction may jump.
func ends(name, operands string) bool {
	switch {
	case strings.HasPrefix(name, "pop"), strings.HasPrefix(name, "ldm"):
		return strings.Contains(operands, "pc}")
	case name == "ldr":
		return strings.HasPrefix(operands, "pc,")
	}
	return jump.MatchString(name)
}

// follow adds up what each block that was executed takes, layer by layer.
func follow(blocks io.Reader, program map[uint64]instruction, of timing, page uint64) (all []spent, err error) {
	lines := bufio.NewScanner(blocks)
	var entry, end uint64 // of mcu_layer, and of the last block
	var last instruction
	var now spent
	running, counts := false, false
	for lines.Scan() {
		m := blockLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		next, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			return nil, err
		}
		if counts && last.ends && next != end {
			now.cycles += of.jumps(last)
		}
		switch {
		case m[2] == "net_run":
			running = true
		case m[2] == "mcu_layer" && running && (entry == 0 || entry == next):
			entry = next
			all, now = append(all, now), spent{}
		}
		counts = running && m[2] != "mcu_layer" && m[2] != "board_ticks"
		if !counts {
			continue
		}
		loaded := false
		for end = next; ; end = last.next {
			i, ok := program[end]
			if !ok {
				return nil, fmt.Errorf("executes %#x, which is no instruction", end)
			}
			if end != next && end%page == 0 { // QEMU's blocks end with pages
				break
			}
			last = i
			now.instructions++
			now.cycles += of.takes(i, loaded)
			loaded = strings.HasPrefix(i.name, "ldr")
			if i.ends {
				end = i.next
				break
			}
		}
	}
	return all, lines.Err()
}
