package mil

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxInline is the number of elements up to which a literal is printed whole.
const maxInline = 8

// Print writes the package's interface and program as text. Constants are
// shown where they are used, whole if they are short, otherwise by type, range
// and place in the weight file.
func Print(w io.Writer, p *Package) error {
	out := bufio.NewWriter(w)
	m := &p.Model
	fmt.Fprintf(out, "specification %d, opset %s\n", m.Version, m.Program.Opset)
	for _, f := range m.Inputs {
		fmt.Fprintf(out, "input   %s\n", f)
	}
	for _, f := range m.Outputs {
		fmt.Fprintf(out, "output  %s\n", f)
	}
	printMetadata(out, &m.Metadata)

	constants := map[string]*Value{}
	inputs := make([]string, len(m.Program.Inputs))
	for i, in := range m.Program.Inputs {
		inputs[i] = in.Name + ": " + in.Type.String()
	}
	fmt.Fprintf(out, "\nmain(%s) {\n", strings.Join(inputs, ", "))
	for i := range m.Program.Operations {
		op := &m.Program.Operations[i]
		if v := op.Attribute("val"); op.Type == "const" && v != nil && len(op.Outputs) == 1 {
			constants[op.Outputs[0].Name] = v
			continue
		}
		fmt.Fprintf(out, "  %s\n", p.line(op, constants))
	}
	fmt.Fprintf(out, "} -> (%s)\n", strings.Join(m.Program.Outputs, ", "))
	return out.Flush()
}

func printMetadata(out *bufio.Writer, m *Metadata) {
	for _, line := range [][2]string{{"description", m.Description}, {"version", m.Version}, {"author", m.Author},
		{"license", m.License}} {
		if line[1] != "" {
			fmt.Fprintf(out, "%s: %q\n", line[0], line[1])
		}
	}
	keys := make([]string, 0, len(m.Custom))
	for key := range m.Custom {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(out, "%s: %q\n", key, m.Custom[key])
	}
}

// String is the feature as an application sees it.
func (f Feature) String() string {
	text := f.Name + ": "
	switch f.Kind {
	case Array:
		text += TensorOf(f.Element, f.Shape...).String()
	case Image:
		text += fmt.Sprintf("image %d × %d %v", f.Width, f.Height, f.Color)
	case Text:
		text += "string"
	case Number:
		text += "int64"
	case TextTable:
		text += "dict<string, fp64>"
	case NumberKeys:
		text += "dict<int64, fp64>"
	default:
		text += "unknown"
	}
	if f.Description != "" {
		text += "  " + strconv.Quote(f.Description)
	}
	return text
}

// line is one operation: results = type(parameters).
func (p *Package) line(op *Operation, constants map[string]*Value) string {
	var results, params []string
	for _, out := range op.Outputs {
		results = append(results, out.Name+": "+out.Type.String())
	}
	for _, a := range op.Attributes {
		if a.Name != "name" {
			params = append(params, a.Name+" = "+p.brief(&a.Value))
		}
	}
	inputs := slices.Clone(op.Inputs)
	slices.SortStableFunc(inputs, func(a, b Argument) int { return prominence(a.Name) - prominence(b.Name) })
	for _, a := range inputs {
		var bound []string
		for _, b := range a.Bindings {
			switch {
			case b.Value != nil:
				bound = append(bound, p.brief(b.Value))
			case constants[b.Name] != nil:
				bound = append(bound, p.brief(constants[b.Name]))
			default:
				bound = append(bound, b.Name)
			}
		}
		params = append(params, a.Name+" = "+strings.Join(bound, ", "))
	}
	return fmt.Sprintf("%s = %s(%s)", strings.Join(results, ", "), op.Type, strings.Join(params, ", "))
}

// prominence orders parameters for reading: what is computed on, then weights,
// then the rest.
func prominence(name string) int {
	switch name {
	case "x", "input", "values", "data", "probabilities":
		return 0
	case "y", "weight", "scale":
		return 1
	}
	return 2
}

// brief is a literal in short.
func (p *Package) brief(v *Value) string {
	switch {
	case v.Type.List:
		items := make([]string, len(v.List))
		for i := range v.List {
			items[i] = p.brief(&v.List[i])
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.Type.Data == String:
		items := make([]string, len(v.Strings))
		for i, s := range v.Strings {
			items[i] = strconv.Quote(s)
		}
		return strings.Join(items, ", ")
	}
	place := ""
	if v.Blob != nil {
		place = fmt.Sprintf(" %d bytes at %d", (v.Type.Size()*v.Type.Data.Bits()+7)/8, v.Blob.Offset)
	}
	list, err := p.Blobs.Numbers(v)
	switch {
	case err != nil:
		return fmt.Sprintf("%v%s (unreadable: %v)", v.Type, place, err)
	case v.Type.Data == Bool && len(list) == 1:
		return strconv.FormatBool(list[0] != 0)
	case v.Type.IsScalar():
		return number(v.Type.Data, list[0])
	case len(list) <= maxInline:
		items := make([]string, len(list))
		for i, r := range list {
			items[i] = number(v.Type.Data, r)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range list {
		low, high = min(low, r), max(high, r)
	}
	return fmt.Sprintf("%v %s..%s%s", v.Type, number(v.Type.Data, low), number(v.Type.Data, high), place)
}

// number is the shortest decimal that reads back as the same float32; a
// binary16 value is one too.
func number(d DataType, r float64) string {
	if d == Float64 || d == Int64 {
		return strconv.FormatFloat(r, 'g', -1, 64)
	}
	return strconv.FormatFloat(r, 'g', -1, 32)
}
