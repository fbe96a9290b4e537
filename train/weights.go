package train

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/safetensors"
	"petrify/internal/torchfile"
)

// ReadWeights reads the weights of a float network from a file, for
// [Config.Weights]: a .safetensors file, the .pt or .pth file of a state_dict, or
// the .npz file of a dictionary of arrays. Names and layouts are those of PyTorch's state_dict: conv1.weight (O
// I KH KW), fc1.weight (O F), fc1.bias, bn1.weight, bn1.bias, bn1.running_mean,
// bn1.running_var, each with the layer's name before the dot. A bias before a
// batch norm goes into its running mean, and a missing bias (PyTorch's
// bias=False) is 0. A run itself writes such a file, float.safetensors.
//
// No such file says what a batch norm adds to the variance: that is
// [graph.Layer.Epsilon], which is not PyTorch's default in networks of Keras.
func ReadWeights(path string) ([]graph.State, error) {
	switch filepath.Ext(path) {
	case ".safetensors":
		f, err := safetensors.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("train: weights: %w", err)
		}
		return statesOf(path, f.Tensors)
	case ".pt", ".pth":
		tensors, err := torchfile.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("train: weights: %w", err)
		}
		return statesOf(path, tensors)
	case ".npz":
		return readNPZ(path)
	default:
		return nil, fmt.Errorf("train: weights %s: want a file that ends in .safetensors, .pt, .pth or .npz", path)
	}
}

// statesOf are the tensors as float32.
func statesOf(path string, tensors []safetensors.Tensor) ([]graph.State, error) {
	var weights []graph.State
	for _, t := range tensors {
		if isCounter(t.Name) {
			continue
		}
		values, err := t.Float32()
		if err != nil {
			return nil, fmt.Errorf("train: weights %s: %w", path, err)
		}
		weights = append(weights, graph.State{Name: t.Name, Shape: t.Shape, F32: values})
	}
	return weights, nil
}

func readNPZ(path string) ([]graph.State, error) {
	arrays, err := datasets.ReadArrays(path, func(name string) bool { return !isCounter(name) })
	if err != nil {
		return nil, fmt.Errorf("train: weights: %w", err)
	}
	var weights []graph.State
	for _, a := range arrays {
		if a.Type != "<f4" {
			return nil, fmt.Errorf("train: weights %s: array %q is of type %s: want little-endian float32", path,
				a.Name, a.Type)
		}
		weights = append(weights, graph.State{Name: a.Name, Shape: a.Shape, F32: a.F32})
	}
	return weights, nil
}

// isCounter reports whether a name is that of PyTorch's batch counter, which is
// not needed here.
func isCounter(name string) bool { return strings.HasSuffix(name, ".num_batches_tracked") }

// floatState is the part of the model's state that a float network has:
// parameters and batch norm's statistics. The slices are the model's.
func floatState(m *graph.Model) []graph.State {
	var all []graph.State
	for _, p := range m.Params() {
		if p.Role != graph.RoleLearned {
			all = append(all, graph.State{Name: p.Name, Shape: p.Shape, F32: p.Value})
		}
	}
	for _, s := range m.State() {
		if strings.HasSuffix(s.Name, ".running_mean") || strings.HasSuffix(s.Name, ".running_var") {
			all = append(all, s)
		}
	}
	return all
}

// find is the index of a name in the states, or -1.
func find(states []graph.State, name string) int {
	return slices.IndexFunc(states, func(s graph.State) bool { return s.Name == name })
}

// fitBiases gives the weights exactly the biases that the model has, since
// PyTorch leaves them to the network's author.
//
// Before a batch norm the model has no bias: norm(w∗x + b | μ) = norm(w∗x | μ −
// b), so it goes into the running mean. Elsewhere a missing bias is 0.
func fitBiases(m *graph.Model, weights []graph.State) []graph.State {
	weights = slices.Clone(weights)
	for _, p := range m.Weighted() {
		weight, bias := find(weights, p.Layer+".weight"), find(weights, p.Layer+".bias")
		mean := find(weights, p.BatchNorm+".running_mean")
		switch {
		case p.BatchNorm == "" && bias < 0 && weight >= 0 && len(weights[weight].Shape) > 0:
			weights = append(weights, graph.State{Name: p.Layer + ".bias", Shape: []int{p.Outputs},
				F32: make([]float32, p.Outputs)})
		case p.BatchNorm != "" && bias >= 0 && mean >= 0 && len(weights[bias].F32) == len(weights[mean].F32):
			shifted := slices.Clone(weights[mean].F32)
			for i, b := range weights[bias].F32 {
				shifted[i] -= b
			}
			weights[mean].F32 = shifted
			weights = slices.Delete(weights, bias, bias+1)
		}
	}
	return weights
}

// load sets the model's float state. The error lists everything that does not
// match.
func load(m *graph.Model, weights []graph.State) error {
	weights = fitBiases(m, weights)
	own := torchState(m)
	var faults []error
	for _, w := range weights {
		if find(own, w.Name) < 0 {
			faults = append(faults, fmt.Errorf("weights: %s %v is not in the network", w.Name, w.Shape))
		}
	}
	for _, s := range own {
		i := find(weights, s.Name)
		if i < 0 {
			faults = append(faults, fmt.Errorf("weights: %s %v of the network is missing", s.Name, s.Shape))
		} else if w := weights[i]; !slices.Equal(w.Shape, s.Shape) || len(w.F32) != len(s.F32) {
			faults = append(faults, fmt.Errorf("weights: %s has shape %v, want %v", s.Name, w.Shape, s.Shape))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	for _, p := range m.Params() {
		if i := find(weights, p.Name); i >= 0 {
			p.SetTorch(weights[i].F32)
			own = slices.DeleteFunc(own, func(s graph.State) bool { return s.Name == p.Name })
		}
	}
	return take(own, weights)
}

// torchState is the float state in the layouts of PyTorch.
func torchState(m *graph.Model) []graph.State {
	all := floatState(m)
	for _, p := range m.Params() {
		if i := find(all, p.Name); i >= 0 {
			all[i] = p.Torch()
		}
	}
	return all
}

// writeWeights writes the float network, for [ReadWeights].
func writeWeights(path string, m *graph.Model) error {
	var tensors []safetensors.Tensor
	for _, s := range torchState(m) {
		tensors = append(tensors, toTensor(s))
	}
	return safetensors.WriteFile(path, tensors, nil)
}
