package main

import (
	"encoding/json"
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
		options: []string{"batch", "int4", "input-layout"},
		write:   writeTFLite,
		is: func(path string, head []byte) bool {
			return filepath.Ext(path) == ".tflite" || tflite.Begins(head)
		},
		verify:     checkTFLite,
		inspect:    inspecting(tflite.Inspect),
		arithmetic: tfliteArithmetic,
	}
}

// tfliteArithmetic is XNNPACK's, except for the convolutions that it leaves to
// LiteRT's own kernel because their weights are packed two to a byte.
func tfliteArithmetic(facts map[string]string) (arithmetic, error) {
	var o tflite.Options
	if err := json.Unmarshal([]byte(facts[quantized.ExportKey]), &o); err != nil {
		return arithmetic{}, err
	}
	whose := "XNNPACK's"
	if o.Int4 {
		whose = "LiteRT's"
	}
	return arithmetic{whose: whose, Options: integer.Options{Requantization: integer.XNNPACK, Int4: o.Int4}}, nil
}

func writeTFLite(path string, m *quantized.Model, o exportOptions) error {
	if o.batch < 0 {
		return usage(fmt.Errorf("--batch %d: want 0 or more", o.batch))
	}
	first, err := o.channelsFirst(m)
	if err != nil {
		return err
	}
	if first {
		return fmt.Errorf("--input-layout %s: TensorFlow Lite's operators, and so its files, have channels last: "+
			"want nhwc or nlc, and bring inputs into that order", o.inputLayout)
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
