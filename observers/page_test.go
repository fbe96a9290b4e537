package observers_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/observers"
)

//go:generate go test -run ^TestPage$ -update .

var update = flag.Bool("update", false, "write the table of docs/numerics.md")

const page = "../docs/numerics.md"

// TestPage keeps the table of observers in docs/numerics.md true; go test -run
// TestPage -update writes it.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- table: observers -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no table of observers", page)
	}
	now := before + begin + strings.Join(observersTable(t), "\n") + "\n" + end + after
	if now == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the table of %s is out of date: go test ./observers -run TestPage -update", page)
	}
	if err := os.WriteFile(page, []byte(now), 0o666); err != nil {
		t.Fatal(err)
	}
}

// observersTable shows 65,536 values in four batches to each observer that has
// something to estimate.
func observersTable(t *testing.T) []string {
	x := laplace(rand.New(rand.NewPCG(12, 34)), 1<<16)
	rows := []string{"| observer | 8 bits | 4 bits | 3 bits | 2 bits |", "| --- | --- | --- | --- | --- |"}
	for _, k := range observers.Kinds() {
		if k == observers.Fixed {
			continue
		}
		row := fmt.Sprintf("| `%v`", k)
		for _, bits := range []int{8, 4, 3, 2} {
			tg := observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Format{Bits: bits, Narrow: true}}
			o := newOf(t, observers.Config{Kind: k}, tg)
			for b := range 4 {
				observe(t, o, x[b<<14:(b+1)<<14])
			}
			lo, hi, _ := rangeOf(o)
			signal := 0.0
			for _, v := range x {
				signal += float64(v) * float64(v)
			}
			row += fmt.Sprintf(" | %.2f, %.1f dB", max(-lo, hi), 10*math.Log10(signal/squaredError(x, lo, hi, tg)))
		}
		rows = append(rows, row+" |")
	}
	return rows
}
