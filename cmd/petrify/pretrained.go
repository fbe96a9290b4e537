package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"petrify/internal/config"
)

// pretrained makes the configuration one that quantizes the float network of a model and
// trains nothing. The model is a run folder, a folder that import wrote, an ONNX file, or
// a file of weights for the configuration's network. All but a run need a configuration,
// since they do not say which data calibrate them.
func (s *settings) pretrained(model string) error {
	info, err := os.Stat(model)
	if err != nil {
		return usage(err)
	}
	weights, network := model, ""
	saved := ""
	switch ext := filepath.Ext(model); {
	case info.IsDir():
		weights, saved = filepath.Join(model, floatFile), savedConfig(model)
		if saved == "" {
			network = model
		}
		if saved == "" && !exists(filepath.Join(model, config.NetworkFile)) || !exists(weights) {
			return usage(fmt.Errorf("%s is neither a run with a %s nor what petrify import wrote", model, floatFile))
		}
	case ext == ".onnx":
		network = model
	case !slices.Contains([]string{".safetensors", ".pt", ".pth", ".npz"}, ext):
		return usage(fmt.Errorf("%s: want a run folder, one that petrify import wrote, a .onnx file, or weights: "+
			".safetensors, .pt, .pth or .npz", model))
	}
	switch named := func(set string) bool { return strings.HasPrefix(set, "dataset=") }; {
	case saved != "" && s.file != "":
		return usage(fmt.Errorf("--config %s: %s has its own, whose keys --set changes", s.file, model))
	case saved != "":
		s.file = saved
	case s.file == "" && !slices.ContainsFunc(s.sets, named):
		return usage(errors.New("want --config FILE, or --set dataset=NAME, for the data that calibrate the network"))
	case network == "" && s.file == "":
		return usage(fmt.Errorf("%s are weights: want --config FILE, which describes their network", model))
	}
	s.base = calibration(model, weights, network)
	return nil
}

// calibration is what makes a configuration quantize a float network, and not train.
func calibration(model, weights, network string) (overrides []config.Override) {
	add := func(key, value string) {
		overrides = append(overrides, config.Override{Flag: model, Key: key, Value: value})
	}
	if network != "" {
		add("network", strconv.Quote(network))
	}
	add("weights", strconv.Quote(weights))
	for _, key := range []string{"float", "qat"} {
		add(key, "{epochs: 0}")
	}
	for _, key := range []string{"distillation", "oscillation"} {
		add(key, "{}")
	}
	add("reestimate", "null")
	add("ptq.keep", "false")
	return overrides
}
