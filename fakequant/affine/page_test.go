package affine_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"petrify/fakequant/affine"
)

//go:generate go test -run ^TestPage$ -update .

var update = flag.Bool("update", false, "write the tables of docs/numerics.md")

const page = "../../docs/numerics.md"

// TestPage keeps the tables of docs/numerics.md true. Each is between <!--
// table: NAME --> and <!-- end -->; go test -run TestPage -update writes them.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	now := string(text)
	for _, table := range []struct {
		name string
		rows []string
	}{
		{"weights", weightsTable()},
		{"activations", activationsTable()},
		{"degenerate", degenerateTable()},
	} {
		begin, end := "<!-- table: "+table.name+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(now, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no table %q", page, table.name)
		}
		now = before + begin + strings.Join(table.rows, "\n") + "\n" + end + after
	}
	if now == string(text) {
		return
	}
	if !*update {
		t.Fatalf("the tables of %s are out of date: go test ./fakequant/affine -run TestPage -update", page)
	}
	if err := os.WriteFile(page, []byte(now), 0o666); err != nil {
		t.Fatal(err)
	}
}

// customary is the int8 format that a dialect's tool gives weights.
func customary(d affine.Dialect) affine.Format {
	switch d {
	case affine.Torch, affine.TorchFused, affine.CoreML, affine.AIMET:
		return affine.Int8
	default:
		return affine.Int8Narrow
	}
}

// weightsTable quantizes one tensor in every dialect.
func weightsTable() []string {
	x := []float32{-1, -0.502, -0.3, 0, 0.004, 0.9}
	rows := []string{
		"| dialect | integers | s | 1/s | q of −1, −0.502, −0.3, 0, 0.004, 0.9 | largest error |",
		"| --- | --- | --- | --- | --- | --- |",
	}
	for _, d := range affine.Dialects() {
		f := customary(d)
		s, z := d.Choose(-1, 0.9, f, affine.Symmetric)
		var q []string
		worst := 0.0
		for _, r := range x {
			n := d.Arithmetic().Quantize(r, s, z, f)
			q = append(q, fmt.Sprint(n))
			worst = max(worst, math.Abs(float64(r)-float64(affine.Dequantize(n, s, z))))
		}
		rows = append(rows, minus(fmt.Sprintf("| `%v` | %d..%d | %.9g | %.4g | %s | %.5f |",
			d, f.Min(), f.Max(), s, 1/s, strings.Join(q, ", "), worst)))
	}
	return rows
}

// activationsTable has the scales and zero points of a uint8 tensor.
func activationsTable() []string {
	rows := []string{
		"| dialect | 0..6, symmetric | 0..6, affine | −1..2, symmetric | −1..2, affine |",
		"| --- | --- | --- | --- | --- |",
	}
	for _, d := range affine.Dialects() {
		row := fmt.Sprintf("| `%v`", d)
		for _, r := range [][2]float32{{0, 6}, {-1, 2}} {
			for _, scheme := range []affine.Scheme{affine.Symmetric, affine.Affine} {
				s, z := d.Choose(r[0], r[1], affine.Uint8, scheme)
				row += fmt.Sprintf(" | %.6f, z = %d", s, z)
			}
		}
		rows = append(rows, minus(row+" |"))
	}
	return rows
}

// degenerateTable has the results for tensors without a proper range.
func degenerateTable() []string {
	rows := []string{
		"| dialect | all zero, int8 symmetric | constant 2, uint8 affine | 10..20, uint8 affine | 0..1, int8 " +
			"symmetric | ±10⁻⁶, int8 symmetric |",
		"| --- | --- | --- | --- | --- | --- |",
	}
	for _, d := range affine.Dialects() {
		row := fmt.Sprintf("| `%v`", d)
		for _, c := range []struct {
			min, max float32
			f        affine.Format
			scheme   affine.Scheme
		}{
			{0, 0, customary(d), affine.Symmetric},
			{2, 2, affine.Uint8, affine.Affine},
			{10, 20, affine.Uint8, affine.Affine},
			{0, 1, customary(d), affine.Symmetric},
			{-1e-6, 1e-6, customary(d), affine.Symmetric},
		} {
			s, z := d.Choose(c.min, c.max, c.f, c.scheme)
			cell := fmt.Sprintf("%.4g", s)
			if z != 0 {
				cell += fmt.Sprintf(", z = %d", z)
			}
			row += " | " + cell
		}
		rows = append(rows, minus(row+" |"))
	}
	return rows
}

// hyphen is a hyphen that is a minus, but not an exponent's or a separator's.
var hyphen = regexp.MustCompile(`([ .])-(\d)`)

// minus writes negative numbers as people do.
func minus(text string) string { return hyphen.ReplaceAllString(text, "${1}−${2}") }
