package config

import (
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/train"
)

// recipeRun is the run of a document on the embedded digits.
func recipeRun(t *testing.T, document string) train.Config {
	t.Helper()
	c, err := Parse("f", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := c.Train(data)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestFewBitsIsTheRecipe(t *testing.T) {
	run := recipeRun(t, `recipe: few_bits
batch: 16
float: {learning_rate: 0.002}
qat: {epochs: 4}
quantization:
  global_config: {weight_bits: 2, activation_bits: 2}
  module_name_configs: {conv2: {weight_bits: 3, algorithm: vanilla}, fc1: null}
`)
	q, half := run.Quantization, run.QATSteps()/2
	if q.EdgeBits != 8 || run.QAT.LearningRate != 0.002 || run.Milestones.FreezeBatchNorm != train.Epochs(3) {
		t.Errorf("edges %d, learning rate %v, batch norm at rest after %v", q.EdgeBits, run.QAT.LearningRate,
			run.Milestones.FreezeBatchNorm)
	}
	want := fakequant.FewBits(2)
	want.Weights.Ramp.Finish = half
	if *q.Default != want || half == 0 {
		t.Errorf("got %+v, want %+v", *q.Default, want)
	}
	of := q.Names[0].Scheme
	if of.Weights.Method != fakequant.STE || of.Weights.Format.Bits != 3 || of.Weights.Ramp.Finish != half ||
		q.Names[1].Scheme != nil {
		t.Errorf("rules: %+v and %v", of, q.Names[1].Scheme)
	}
}

func TestKeysComeBeforeTheRecipe(t *testing.T) {
	run := recipeRun(t, `recipe: few_bits
qat: {epochs: 4, learning_rate: 0.0005}
quantization:
  edge_bits: null
  global_config: {algorithm: vanilla, weight_bits: 4, ramp: [0, 3], milestones: [0, 0, 5, 6]}
`)
	q := run.Quantization
	if q.EdgeBits != 0 || run.QAT.LearningRate != 0.0005 || run.Milestones.FreezeBatchNorm != train.Steps(6) ||
		q.Default.Weights.Method != fakequant.STE || q.Default.Weights.Ramp.Finish != 3 {
		t.Errorf("got %+v, %+v", run, *q.Default)
	}
}

// Without batch norm, or with 4 bits, a network is trained as ever, with learned
// scales.
func TestFewBitsLeavesOthersAlone(t *testing.T) {
	for _, document := range []string{
		"network: mlp\nquantization: {global_config: {weight_bits: 2}}\n",
		"network: cnn\nquantization: {global_config: {weight_bits: 4}}\n",
		"network: cnn\nquantization: {global_config: {weight_dtype: float32, activation_bits: 2}}\n",
	} {
		run := recipeRun(t, "recipe: few_bits\n"+document)
		s := run.Quantization.Default
		if run.QAT.LearningRate != 0 || run.Milestones != (train.Milestones{}) ||
			s.Weights.Ramp != (fakequant.Ramp{}) || s.Activations.Method != fakequant.LSQ {
			t.Errorf("%s: got %+v, %+v", document, run, *s)
		}
	}
	if _, err := Parse("f", []byte("recipe: many_bits\n")); err == nil {
		t.Error("no error for an unknown recipe")
	}
}
