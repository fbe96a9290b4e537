package main

import (
	"fmt"
	"os"
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/tflite"
)

func tfliteFormat() format {
	return format{
		name: "tflite", file: "model.tflite", runs: "TensorFlow Lite",
		options: []string{"batch", "int4"},
		write:   writeTFLite,
		is: func(path string, head []byte) bool {
			return filepath.Ext(path) == ".tflite" || tflite.Begins(head)
		},
		verify:  checkTFLite,
		inspect: inspecting(tflite.Inspect),
		arithmetic: func(map[string]string) (arithmetic, error) {
			return arithmetic{"XNNPACK's", integer.Options{Requantization: integer.XNNPACK}}, nil
		},
	}
}

func writeTFLite(path string, m *quantized.Model, o exportOptions) error {
	if o.batch < 0 {
		return usage(fmt.Errorf("--batch %d: want 0 or more", o.batch))
	}
	return tflite.WriteFile(path, m, tflite.Options{Batch: o.batch, Int4: o.int4, Metadata: o.facts})
}

func checkTFLite(path string, m *quantized.Model) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := tflite.Verify(data, m); err != nil {
		return nil, err
	}
	return tflite.Metadata(data)
}
