package onnxeval

import (
	"testing"

	"petrify/internal/onnxpb"
)

// FuzzRun: a file computes results that hold what their shapes say, or gives an error. The
// seeds are files of one node, of each operator.
func FuzzRun(f *testing.F) {
	for op := range operators {
		for _, version := range []int64{6, 13, 18} {
			m := &onnxpb.Model{Opsets: []onnxpb.Opset{{Version: version}}}
			n := onnxpb.Node{Op: op, Inputs: []string{"x", "c", "i"}, Outputs: []string{"y", "z"},
				Attributes: []onnxpb.Attribute{
					{Name: "axis", Type: onnxpb.IntAttribute, Int: 1},
					{Name: "kernel_shape", Type: onnxpb.IntsAttribute, Ints: []int64{2, 2}},
					{Name: "axes", Type: onnxpb.IntsAttribute, Ints: []int64{1}},
					{Name: "to", Type: onnxpb.IntAttribute, Int: 1}}}
			if most := operators[op].inputs; most < 3 {
				n.Inputs = n.Inputs[:max(most, 1)]
			}
			m.Graph = onnxpb.Graph{Nodes: []onnxpb.Node{n},
				Inputs: []onnxpb.Value{{Name: "x", Type: onnxpb.Float,
					Shape: []onnxpb.Dim{{Value: 1}, {Value: 2}, {Value: 4}, {Value: 4}}}},
				Outputs: []onnxpb.Value{{Name: "y", Type: onnxpb.Float}},
				Initializers: []onnxpb.Tensor{
					{Name: "c", Type: onnxpb.Float, Dims: []int64{2, 2, 1, 1}, Floats: []float32{1, 2, -1, 0.5}},
					{Name: "i", Type: onnxpb.Int64, Dims: []int64{2}, Int64s: []int64{1, 3}}}}
			f.Add(m.Marshal())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnxpb.Unmarshal(data)
		if err != nil {
			return
		}
		g, err := Load(m, "")
		if err != nil {
			return
		}
		feeds := map[string]*Tensor{}
		for _, in := range g.Inputs {
			x := &Tensor{Type: in.Type}
			n := int64(1)
			for _, d := range in.Shape {
				d := min(max(d.Value, 1), 1<<10)
				n *= d
				x.Shape = append(x.Shape, int(d))
			}
			if n > 1<<12 || len(feeds) > 8 || len(in.Shape) > 8 {
				return
			}
			switch {
			case x.IsFloat():
				x.F = make([]float64, n)
			case x.Type == onnxpb.String:
				x.S = make([]string, n)
			default:
				x.I = make([]int64, n)
			}
			feeds[in.Name] = x
		}
		results, err := g.Run(feeds, Options{})
		if err != nil {
			return
		}
		for name, y := range results {
			if y != nil && y.Size() != len(y.F)+len(y.I)+len(y.S) {
				t.Errorf("%q of shape %v: %d numbers", name, y.Shape, len(y.F)+len(y.I)+len(y.S))
			}
		}
	})
}
