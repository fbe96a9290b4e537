// Package config reads the YAML file that describes a run.
//
// A table of fields says for each key what it means, in one sentence, which
// values are allowed, and which variable holds it. Reading, checking, printing
// and the JSON schema all follow from the tables, so that they cannot disagree;
// to add a key is to add a line ([Config], and section in config.go).
//
// All mistakes in a file are reported at once, with their lines:
//
//	config: 3 mistakes:
//	  run.yaml:2: sed: unknown key: did you mean seed?
//	  run.yaml:4: float.epochs: want a whole number from 0 to 1048576, got "nine"
//	  run.yaml:9: float.optimizer.momentum: 0.9 has no effect on adam: want sgd
//
// The block quantization takes Core ML Tools' LinearQuantizerConfig as it is
// (its names, its precedence of the layer's name over its type over the global
// configuration, its regular expressions, null for “stay float”), with
// petrify's additions as further keys in the same places. Keys that are left
// out have petrify's defaults, which `petrify config print` shows.
//
// Values from the command line, --set key=value, enter the document before it
// is read and pass the same checks.
package config
