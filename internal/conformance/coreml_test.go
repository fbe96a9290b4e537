package conformance_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized/coreml"
	"petrify/quantized/coreml/mil"
)

// computed is an operation of a program with the numbers that it took and gave.
type computed struct {
	Type   string            `json:"type"`
	Inputs map[string]number `json:"inputs"`
	Output number            `json:"output"`
}

type number struct {
	Type  string    `json:"type"`
	Shape []int     `json:"shape"`
	Bits  []float64 `json:"values"`
}

// TestOperationsInNumPy: coreml.py computes operations by the formulas of Core ML
// Tools' documentation in NumPy's float16 and float32, which nobody here wrote, and
// gives the interpreter's numbers. The operations are those of packages of random
// networks, on random inputs. Core ML Tools itself does not run here, and says
// nothing of convolutions' sums.
func TestOperationsInNumPy(t *testing.T) {
	var all []computed
	for n := range 25 {
		d := draw(t, *ofSeed, n)
		m := d.model
		for _, precision := range []coreml.Precision{coreml.Float16, coreml.Float32} {
			p, err := coreml.Translate(m, coreml.Options{Precision: precision})
			if err != nil && (strings.Contains(err.Error(), "float16") || strings.Contains(err.Error(), "Core ML all or nothing") ||
				strings.Contains(err.Error(), "has no form there")) {
				continue // a number that float16 has not, padding of which a part counts, or a layer
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, compute(t, p, d.x[:elements(m.Input.Shape)])...)
		}
	}
	file := filepath.Join(t.TempDir(), "operations.json")
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("/usr/bin/python3", "coreml.py", file).CombinedOutput()
	if err != nil {
		t.Fatalf("coreml.py (Debian's python3-numpy): %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// compute runs a program and returns what its operations did.
func compute(t *testing.T, p *mil.Package, x []float32) (all []computed) {
	t.Helper()
	machine, err := mil.NewMachine(p)
	if err != nil {
		t.Fatal(err)
	}
	program := &p.Model.Program
	if _, err := machine.Run(map[string][]float32{program.Inputs[0].Name: x}); err != nil {
		t.Fatal(err)
	}
	types := map[string]mil.Type{program.Inputs[0].Name: program.Inputs[0].Type}
	literal := func(v *mil.Value) number {
		if v.Type.Data == mil.String {
			return number{Type: v.Strings[0]}
		}
		values, err := p.Blobs.Numbers(v)
		if err != nil {
			t.Fatal(err)
		}
		return number{v.Type.Data.String(), v.Type.Shape, values}
	}
	words := map[string]number{} // constants that are strings
	for i := range program.Operations {
		op := &program.Operations[i]
		out := op.Outputs[0]
		types[out.Name] = out.Type
		if op.Type == "const" {
			if out.Type.Data == mil.String {
				words[out.Name] = literal(op.Attribute("val"))
			}
			continue
		}
		value := func(name string) number {
			if word, ok := words[name]; ok {
				return word
			}
			return number{types[name].Data.String(), types[name].Shape, finite(machine.Value(name))}
		}
		c := computed{op.Type, map[string]number{}, value(out.Name)}
		for _, a := range op.Attributes {
			c.Inputs[a.Name] = literal(&a.Value)
		}
		for _, a := range op.Inputs {
			if len(a.Bindings) != 1 {
				continue // concat moves numbers only
			}
			if b := a.Bindings[0]; b.Value != nil {
				c.Inputs[a.Name] = literal(b.Value)
			} else {
				c.Inputs[a.Name] = value(b.Name)
			}
		}
		all = append(all, c)
	}
	return all
}

// finite writes infinities as numbers that JSON has, and no type of a program.
func finite(values []float64) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = min(max(v, -math.MaxFloat64), math.MaxFloat64)
	}
	return all
}
