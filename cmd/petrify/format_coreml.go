package main

import (
	"path/filepath"

	"petrify/quantized"
	"petrify/quantized/coreml"
)

func coremlFormat() format {
	return format{
		name: "coreml", file: "model.mlpackage", runs: "Apple's devices",
		options: []string{
			"image", "normalize", "classifier", "target", "precision", "weights-encoding",
			"author", "license", "model-version", "description",
		},
		write: writeCoreML,
		is: func(path string, _ []byte) bool {
			return filepath.Ext(path) == ".mlpackage" || exists(filepath.Join(path, "Data", "com.apple.CoreML"))
		},
		parts:    filesBelow,
		verify:   checkCoreML,
		inspect:  coreml.Inspect,
		programs: coremlPrograms,
	}
}

func writeCoreML(path string, m *quantized.Model, o exportOptions) error {
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
		Classifier: o.classifier, Normalize: o.normalize, Image: o.image,
		Metadata: coreml.Metadata{
			Author: o.author, License: o.license, Version: o.version, Description: o.description, Facts: o.facts,
		},
	})
}

func checkCoreML(path string, m *quantized.Model) (map[string]string, error) {
	if err := coreml.Verify(path, m); err != nil {
		return nil, err
	}
	return coreml.Facts(path)
}

// coremlPrograms returns a package's program and, if that is in float16, the
// one in float32.
func coremlPrograms(path string, m *quantized.Model) ([]program, error) {
	written, err := coreml.WrittenWith(path, m)
	if err != nil {
		return nil, err
	}
	precisions := []coreml.Precision{written.Precision}
	if written.Precision == coreml.Float16 {
		precisions = append(precisions, coreml.Float32)
	}
	var all []program
	for _, p := range precisions {
		o := written
		o.Precision = p
		all = append(all, program{p.String(), "--precision " + p.String(), func() (computer, error) {
			return coreml.NewRunner(m, o)
		}})
	}
	return all, nil
}
