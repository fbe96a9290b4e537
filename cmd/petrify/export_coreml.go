package main

import (
	"petrify/quantized"
	"petrify/quantized/coreml"
)

func coremlFormat() format {
	return format{
		name: "coreml", file: "model.mlpackage",
		options: []string{"image", "normalize", "result", "target", "precision", "weights", "author", "license", "description"},
		write:   writeCoreML,
	}
}

func writeCoreML(path string, m *quantized.Model, o exportOptions) error {
	class, err := choice("result", o.result, "logits", "class")
	if err != nil {
		return err
	}
	target, err := coreml.ParseTarget(o.target)
	if err != nil {
		return usage(err)
	}
	precision, err := coreml.ParsePrecision(o.precision)
	if err != nil {
		return usage(err)
	}
	encoding, err := coreml.ParseEncoding(o.weights)
	if err != nil {
		return usage(err)
	}
	return coreml.Write(path, m, coreml.Options{
		Target: target, Precision: precision, WeightsEncoding: encoding,
		Classifier: class == 1, Normalize: o.normalize, Image: o.image,
		Metadata: coreml.Metadata{Author: o.author, License: o.license, Description: o.description},
	})
}
