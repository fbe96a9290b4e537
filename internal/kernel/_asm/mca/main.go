// Command mca prints how fast the hot loops of kernel's assembly for arm64 are
// on processors that are not at hand, as LLVM's models of them say, in the table
// of docs/performance.md. It needs Go, objdump for aarch64 (Debian's
// binutils-aarch64-linux-gnu) and llvm-mca; -mca names one, since versions differ
// in their models.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var cores = []string{"apple-m1", "cortex-a76", "neoverse-n1"}

// products is how many multiply-adds an instruction is or, in float64, how many sums,
// differences and products.
var products = map[string]int{
	"fmla": 4, "sdot": 16, "sudot": 16, "smlal": 4, "smlal2": 4, "fadd.2d": 2, "fsub.2d": 2, "fmul.2d": 2,
}

// kernels are the functions with hot loops: of each, the loop with the most
// multiply-adds counts.
var kernels = []string{
	"tileNEON", "depthwiseNEON", "depthwiseGradientNEON", "intTileDot", "intTileI8MM", "intTileNEON", "intDepthNEON",
	"expNEON", "normaliseNEON",
}

func main() {
	log.SetFlags(0)
	mca := flag.String("mca", "llvm-mca", "the `PROGRAM` llvm-mca")
	flag.Parse()
	folder, err := os.MkdirTemp("", "mca")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "kernel")
	build := exec.Command("go", "test", "-c", "-o", program, "petrify/internal/kernel")
	build.Dir, build.Env = "../..", append(os.Environ(), "GOARCH=arm64", "GOOS=linux")
	run(build)

	fmt.Println("| loop | core | multiply-adds | cycles | multiply-adds a cycle | at most | |")
	fmt.Println("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
	for _, kernel := range kernels {
		loop, count := hottest(disassembly(program, kernel))
		for _, core := range cores {
			cycles := cyclesOf(*mca, core, loop)
			alone := independent(loop)
			most := float64(perInstruction(alone[0])*len(alone)) / cyclesOf(*mca, core, alone)
			rate := float64(count) / cycles
			fmt.Printf("| `%s` | %s | %d | %.1f | %.1f | %.1f | %.0f %% |\n", kernel, core, count, cycles, rate, most,
				100*rate/most)
		}
	}
}

func run(c *exec.Cmd) string {
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		log.Fatalf("%s: %v", c, err)
	}
	return string(out)
}

// An instruction is at an address. One that jumps has a target.
type instruction struct {
	at, target uint64
	text       string
}

var line = regexp.MustCompile(`^ +([0-9a-f]+):\t(.*?)(?:\s*//.*)?$`)

// disassembly is the instructions of a function.
func disassembly(program, function string) (all []instruction) {
	symbol := "petrify/internal/kernel." + function + ".abi0"
	out := run(exec.Command("aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", "--disassemble="+symbol, program))
	for text := range strings.Lines(out) {
		m := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if m == nil {
			continue
		}
		i := instruction{text: strings.ReplaceAll(m[2], "\t", " ")}
		i.at, _ = strconv.ParseUint(m[1], 16, 64)
		if before, _, jumps := strings.Cut(i.text, " <"); jumps {
			fields := strings.Fields(before)
			i.target, _ = strconv.ParseUint(fields[len(fields)-1], 16, 64)
			fields[len(fields)-1] = "."
			i.text = strings.Join(fields, " ")
		}
		all = append(all, i)
	}
	if all == nil {
		log.Fatalf("%s has no function %s", program, symbol)
	}
	return all
}

// hottest is the innermost loop with the most multiply-adds, and their number.
func hottest(all []instruction) (loop []string, count int) {
	start := map[uint64]int{}
	last := -1 // the last jump back: a loop around it is not innermost
	for end, i := range all {
		start[i.at] = end
		from, ok := start[i.target]
		if !ok || i.target == 0 {
			continue
		}
		if from > last {
			var texts []string
			n := 0
			for _, i := range all[from : end+1] {
				texts = append(texts, i.text)
				n += perInstruction(i.text)
			}
			if n > count {
				loop, count = texts, n
			}
		}
		last = end
	}
	return loop, count
}

// perInstruction is how many multiply-adds an instruction is.
func perInstruction(text string) int {
	name, operands, _ := strings.Cut(text, " ")
	if strings.Contains(operands, ".2d") {
		name += ".2d"
	}
	return products[name]
}

// independent is 24 times the loop's first multiply-add, none of which waits
// for another: what a core can do at most.
func independent(loop []string) (all []string) {
	for _, text := range loop {
		if perInstruction(text) == 0 {
			continue
		}
		name, operands, _ := strings.Cut(text, " ")
		_, operands, _ = strings.Cut(operands, ".")
		kind, sources, _ := strings.Cut(operands, ", ")
		sources = regexp.MustCompile(`v\d+`).ReplaceAllString(sources, "v1")
		for i := range 24 {
			all = append(all, fmt.Sprintf("%s v%d.%s, %s", name, 8+i, kind, sources))
		}
		return all
	}
	log.Fatal("a loop without multiply-adds")
	return nil
}

var total = regexp.MustCompile(`Total Cycles: +(\d+)`)

// cyclesOf is how many cycles an iteration of a loop takes, in a thousand.
func cyclesOf(mca, core string, loop []string) float64 {
	const iterations = 1000
	c := exec.Command(mca, "-mtriple=aarch64", "-mcpu="+core, "-mattr=+dotprod,+i8mm",
		"-iterations="+strconv.Itoa(iterations))
	c.Stdin = strings.NewReader(strings.Join(loop, "\n") + "\n")
	m := total.FindStringSubmatch(run(c))
	if m == nil {
		log.Fatalf("%s: no total of cycles", mca)
	}
	cycles, err := strconv.Atoi(m[1])
	if err != nil {
		log.Fatal(err)
	}
	return float64(cycles) / iterations
}
