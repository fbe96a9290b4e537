package coreml_test

import (
	"petrify/quantized"
	"petrify/quantized/reference"
)

// run returns the real numbers of every activation for one input, by the
// definition. It panics if the model is invalid, for then the test is.
func run(m *quantized.Model, x []float32) map[string][]float64 {
	values, err := reference.Run(m, reference.ONNXRuntime, x)
	if err != nil {
		panic(err)
	}
	all := map[string][]float64{}
	for name, v := range values {
		for i := range v.Len() {
			all[name] = append(all[name], float64(v.Real(i)))
		}
	}
	return all
}
