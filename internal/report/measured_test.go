package report

import (
	"html"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/quantized"
)

// Times and sensitivities of all layers are on the page, and pages without them are made.
func TestMeasuredLayers(t *testing.T) {
	for seed := range uint64(10) {
		r := random(rand.New(rand.NewPCG(seed, 5)))
		if strings.Contains(written(t, r), "time, µs") {
			t.Error("times that nobody measured")
		}
		r.Times = &Times{Platform: "<b>", Kernels: "avx2", Inputs: 3}
		r.Sensitivity = &Sensitivity{}
		r.Sensitivity.Images.Count, r.Sensitivity.Images.Split = 1234, "training"
		mistakes, worse, want := new(int), (*float64)(nil), "0.5 at 2 bits, +7 mistakes"
		*mistakes = 7
		if seed%2 == 1 {
			mistakes, worse, want = nil, new(float64), "0.5 at 2 bits, MAE +2.5"
			*worse, r.Sensitivity.Metric = 2.5, "mae"
		}
		for _, n := range r.Model.Nodes {
			r.Times.Layers = append(r.Times.Layers, LayerTime{n.Name, 12.5})
			for _, tensor := range []string{n.Name, n.Name + ".weight"} {
				s := SensitiveTensor{Tensor: tensor}
				for _, bits := range []int{8, 4, 2} {
					s.Bits = append(s.Bits, Loss{bits, 1 / float64(bits), mistakes, worse})
				}
				r.Sensitivity.Tensors = append(r.Sensitivity.Tensors, s)
			}
		}
		page := written(t, r)
		if strings.Count(page, "12.5</td>") < len(r.Model.Nodes) || strings.Contains(page, "(<b>") {
			t.Errorf("seed %d: times are missing", seed)
		}
		text := html.UnescapeString(page)
		integers := slices.ContainsFunc(r.Model.Nodes, func(n quantized.Node) bool {
			return n.Weights != nil && n.Weights.Q != nil
		})
		if integers && !(strings.Contains(text, want) &&
			strings.Contains(text, "on 1,234 samples (training)")) {
			t.Errorf("seed %d: sensitivities are missing", seed)
		}
		if integers && !strings.Contains(text, "25.00 % in the last epoch, 12.50 % back") {
			t.Errorf("seed %d: moving integers are missing", seed)
		}
		for _, panel := range r.panels() {
			for _, c := range panel.Charts {
				if !strings.HasPrefix(c.Title, "Loss with fewer bits") {
					continue
				}
				if len(c.X) != 3 || c.X[0] != 2 || c.Series[0].Values[0] != 0.5 {
					t.Errorf("seed %d: %v, %v", seed, c.X, c.Series[0].Values)
				}
			}
		}
	}
}
