package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"petrify/internal/score"
)

// evaluation is what `evaluate` prints. Float is nil for a model without its run.
type evaluation struct {
	Network   string   `json:"network"`
	Data      string   `json:"data"`
	Split     string   `json:"split"`
	Samples   int      `json:"samples"`
	Classes   []string `json:"classes"`
	Float     *judged  `json:"float,omitempty"`
	Quantized *judged  `json:"quantized"`
	Flipped   []flip   `json:"flipped"`
}

// judged is how well a network does.
type judged struct {
	Accuracy         float64       `json:"accuracy"`
	Top5             *float64      `json:"top5,omitempty"` // with more than ten classes
	Balanced         float64       `json:"balanced_accuracy"`
	CalibrationError float64       `json:"calibration_error"`
	ByClass          []judgedClass `json:"by_class"`
	Confusion        [][]int       `json:"confusion"` // by class, then by predicted class
	predicted        []int         // by sample
}

type judgedClass struct {
	Class    string  `json:"class"`
	Samples  int     `json:"samples"`
	Accuracy float64 `json:"accuracy"`
}

// flip is a sample that float and quantized network classify differently.
type flip struct {
	Index     int    `json:"index"` // in the split, from 0
	Class     string `json:"class"`
	Float     string `json:"float"`
	Quantized string `json:"quantized"`
}

func (c *command) evaluate() *cobra.Command {
	var asJSON bool
	var split string
	cmd := &cobra.Command{
		Use:   "evaluate MODEL [DATA]",
		Short: "Judge a classifier: by class, by its confidence, float beside quantized",
		Long: `Run a frozen model on data with labels and print its accuracy, also by class, the
confusion matrix, and the samples whose class quantization changed. MODEL is a run
folder, or its model.json or model.safetensors. DATA is the name of a data set, a
file or a folder, read as the run read its own; the default is the run's data.
Inputs and classes that the model was not trained for are refused.

The frozen model is compared with the network of the run's float stage, if MODEL
is in the folder of a run. PTQ is not: its ranges are not kept; summary.json has
its accuracy.

  balanced accuracy  the mean of the accuracies of all classes that have samples
  calibration error  the expected difference of confidence and accuracy, in
                     ` + fmt.Sprint(score.Bins) + ` intervals of confidence (Guo et al. 2017)
  top-5 accuracy     with more than ten classes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return fmt.Errorf("got %d arguments, want a model and data: %s", len(args), cmd.UseLine())
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := c.judge(cmd.Context(), args[0], append(args, "")[1], split)
			if err != nil {
				return err
			}
			if !asJSON {
				return e.write(c.stdout)
			}
			encoder := json.NewEncoder(c.stdout)
			encoder.SetIndent("", "  ")
			return encoder.Encode(e)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of tables")
	cmd.Flags().StringVar(&split, "split", "test", "evaluate `SPLIT`: train, validation, test or all")
	return cmd
}

// judge evaluates a model and, if there is one, the float network of its run.
func (c *command) judge(ctx context.Context, model, data, split string) (*evaluation, error) {
	folder := folderOf(model)
	p, err := openPredictor(model, false)
	if err != nil {
		return nil, err
	}
	if len(p.model.Classes) == 0 {
		return nil, errors.New("the model has no classes: petrify predict prints its outputs")
	}
	set, err := c.openLabelled(ctx, p, folder, data)
	if err != nil {
		return nil, err
	}
	e := &evaluation{Network: p.model.Name, Data: set.Name, Split: split, Classes: p.model.Classes, Flipped: []flip{}}
	splits, err := splitsOf(set, split)
	if err != nil {
		return nil, err
	}
	if e.Quantized, err = p.judge(ctx, set, splits); err != nil {
		return nil, err
	}
	e.Samples = len(e.Quantized.predicted)
	if savedConfig(folder) == "" || !exists(filepath.Join(folder, floatFile)) {
		return e, nil
	}
	float, err := openPredictor(model, true)
	if err != nil {
		return nil, err
	}
	e.Float, err = float.judge(ctx, set, splits)
	if err = errors.Join(err, float.close()); err != nil {
		return nil, err
	}
	var labels []int32
	for _, s := range splits {
		labels = append(labels, s.Labels...)
	}
	for i, was := range e.Float.predicted {
		if is := e.Quantized.predicted[i]; is != was {
			e.Flipped = append(e.Flipped, flip{i, e.Classes[labels[i]], e.Classes[was], e.Classes[is]})
		}
	}
	return e, nil
}
