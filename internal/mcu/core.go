package main

import (
	"fmt"
	"slices"
)

// core is a processor, and a machine of QEMU's that has it.
type core struct {
	name, title string
	compiler    string // prefix of the names of its tools
	flags       []string
	start       string // its file in board
	qemu        []string

	code, data     uint32 // where there is memory
	codeK, dataK   int    // and how much, in KiB
	shift          int    // an instruction takes 2^shift ns
	ticksPerSecond float64
	page           uint64 // QEMU's blocks end where one does

	timing timing // zero: nobody has published it
}

const (
	arm   = "arm-none-eabi-"
	riscv = "riscv64-unknown-elf-"
)

// cortex is a core of Arm's on one of its boards, whose memories are those of AN385, AN386 and AN500.
func cortex(name, title, machine string, flags ...string) core {
	return core{name: name, title: "Cortex-" + title, compiler: arm, flags: append(flags, "-mthumb"),
		start: "arm.c", qemu: []string{"qemu-system-arm", "-machine", machine},
		code: 0, codeK: 4096, data: 0x20000000, dataK: 4096, shift: 3, ticksPerSecond: 25e6, page: 1024}
}

// cores are those of the table in docs/c.md.
func cores() []core {
	hard := []string{"-mfloat-abi=hard"}
	m55 := cortex("m55", "M55", "mps3-an547", append(hard, "-mcpu=cortex-m55")...)
	m55.code, m55.codeK, m55.data, m55.dataK = 0x10000000, 512, 0x30000000, 512
	m55.ticksPerSecond = 32e6
	all := []core{
		cortex("m0plus", "M0+", "mps2-an385", "-mcpu=cortex-m0plus"),
		cortex("m3", "M3", "mps2-an385", "-mcpu=cortex-m3"),
		cortex("m4", "M4", "mps2-an386", append(hard, "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")...),
		cortex("m7", "M7", "mps2-an500", append(hard, "-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16")...),
		m55,
		{name: "rv32imc", title: "RV32IMC", compiler: riscv, start: "riscv.c",
			flags: []string{"-march=rv32imc", "-mabi=ilp32", "-mcmodel=medany", "--specs=picolibc.specs"},
			qemu:  []string{"qemu-system-riscv32", "-machine", "virt", "-bios", "none"},
			code:  0x80000000, codeK: 4096, data: 0x80400000, dataK: 4096, ticksPerSecond: 1e9,
			page: 4096},
	}
	for i, t := range []timing{m0plus, m3, m4, {}, {}, ibex} {
		all[i].timing = t
	}
	return all
}

// perTick is how many instructions a tick of the core's counter lasts.
func (c core) perTick() float64 { return 1e9 / c.ticksPerSecond / float64(int(1)<<c.shift) }

// floats reports whether the processor computes with them.
func (c core) floats() bool { return slices.Contains(c.flags, "-mfloat-abi=hard") }

// command runs a program on the core.
func (c core) command(program string) []string {
	return append(append([]string{}, c.qemu...), "-display", "none", "-serial", "none", "-monitor", "none",
		"-icount", fmt.Sprintf("shift=%d", c.shift), "-chardev", "stdio,id=console",
		"-semihosting-config", "enable=on,target=native,chardev=console", "-kernel", program)
}

// loop is how often the loop of six instructions runs that checks the counter.
const loop = 1_000_000

// check returns an error unless the loop took the ticks that its instructions last.
func (c core) check(ticks float64) error {
	if took, want := ticks*c.perTick(), 6.0*loop; took < want || took > want+100 {
		return fmt.Errorf("a loop of %.0f instructions counts as %.0f: the emulator does not count as it should: "+
			"want QEMU with -icount", want, took)
	}
	return nil
}
