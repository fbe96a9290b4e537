package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/score"
	"petrify/train"
)

// evaluation is what `evaluate` prints. Float and PTQ are nil for a model without
// its run, PTQ also where it is what ships.
type evaluation struct {
	Network   string   `json:"network"`
	Method    string   `json:"method"` // of the frozen model: qat or ptq
	Data      string   `json:"data"`
	Split     string   `json:"split"`
	Samples   int      `json:"samples"`
	Classes   []string `json:"classes"`
	Float     *judged  `json:"float,omitempty"`
	PTQ       *judged  `json:"ptq,omitempty"`
	Quantized *judged  `json:"quantized"`
	Flipped   []flip   `json:"flipped,omitempty"` // from float to quantized
	flipped   []sample // of Flipped
	set       *datasets.Set
	labels    []int32 // by sample
}

// judged is how well a network does.
type judged struct {
	Accuracy         float64       `json:"accuracy"`
	Top5             *float64      `json:"top5,omitempty"` // with more than five classes
	Balanced         float64       `json:"balanced_accuracy"`
	CalibrationError float64       `json:"calibration_error"`
	ByClass          []judgedClass `json:"by_class"`
	Confusion        [][]int       `json:"confusion"` // by class, then by predicted class
	predicted        []int         // by sample
	confidence       []float64     // by sample: the probability of the predicted class
	bins             [score.Bins]score.Bin
}

type judgedClass struct {
	Class    string  `json:"class"`
	Samples  int     `json:"samples"`
	Accuracy float64 `json:"accuracy"`
}

// flip is a sample that float and quantized network classify differently.
type flip struct {
	Sample    string `json:"sample"` // as [datasets.Set.Sample] names it
	Class     string `json:"class"`
	Float     string `json:"float"`
	Quantized string `json:"quantized"`
}

// sample is where a sample is: among all that were judged, and in its split.
type sample struct {
	at    int
	split *datasets.Split
	index int
}

func (c *command) evaluate() *cobra.Command {
	var asJSON bool
	var split string
	cmd := &cobra.Command{
		Use:   "evaluate MODEL [DATA]",
		Short: "Judge a model on data with labels or targets, float beside quantized",
		Long: `Run a frozen model on labelled data and print its accuracy, overall and by class,
the confusion matrix, and the samples whose class quantization changed. MODEL is a
run folder, or its model.json or model.safetensors. DATA is the name of a data set,
a file or a folder with labels, read as the run read its own data: the columns of a
table are found by their titles. By default, it is the run's data. Inputs and
classes that the model was not trained for are refused. A network that predicts
numbers or labels is judged by the metrics of its task, of all targets and of each.

If MODEL is in a run folder, the frozen model is compared with the float network
and with PTQ, which is calibrated again on the run's data; a network with dropout
draws other random numbers than it did in the run.

  balanced accuracy  the mean accuracy of all classes that have samples
  calibration error  the expected difference between confidence and accuracy,
                     over ` + fmt.Sprint(score.Bins) + ` intervals of confidence (Guo et al. 2017)
  top-5 accuracy     with more than five classes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return fmt.Errorf("got %d arguments, want a model and data: %s", len(args), cmd.UseLine())
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := c.evaluation(cmd.Context(), args[0], append(args, "")[1], split)
			if err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(e)
			}
			return e.write(c.stdout)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of tables")
	cmd.Flags().StringVar(&split, "split", "", "evaluate `SPLIT`: train, validation, test or all; "+
		"the default is test, or all if other data have no test split")
	return cmd
}

// evaluation evaluates a model by its task.
func (c *command) evaluation(ctx context.Context, model, data, split string) (interface{ write(io.Writer) error },
	error,
) {
	p, err := openPredictor(model, false)
	if err != nil {
		return nil, err
	}
	if len(p.model.Targets) > 0 || taskOf(p.model) == train.Anomaly {
		return c.measureTask(ctx, p, model, data, split)
	}
	return c.judge(ctx, model, data, split)
}

// judge evaluates a model and, if there is its run, the networks that it was made
// from.
func (c *command) judge(ctx context.Context, model, data, split string) (*evaluation, error) {
	p, err := openPredictor(model, false)
	if err != nil {
		return nil, err
	}
	if len(p.model.Classes) == 0 {
		return nil, errors.New("the model has no classes: petrify predict prints its outputs")
	}
	own, err := c.openOwn(ctx, p)
	if err != nil {
		return nil, err
	}
	set, err := c.openLabelled(ctx, p, data, own)
	if err != nil {
		return nil, err
	}
	e := &evaluation{Network: p.model.Name, Method: p.model.Origin.Method, Data: set.Name, Classes: p.model.Classes,
		set: set}
	splits, name, err := splitsOf(set, split)
	if err != nil {
		return nil, err
	}
	e.Split = name
	if e.Quantized, err = p.judge(ctx, set, splits); err != nil {
		return nil, err
	}
	e.Samples = len(e.Quantized.predicted)
	for _, s := range splits {
		e.labels = append(e.labels, s.Labels...)
	}
	if p.run == nil || !exists(filepath.Join(p.folder, floatFile)) {
		return e, nil
	}
	if e.Float, err = judgeFloat(ctx, model, set, splits); err != nil {
		return nil, err
	}
	e.compare(set, splits)
	switch {
	case e.Method != "qat":
	case own == nil:
		fmt.Fprintf(c.stderr, "PTQ is left out: it needs the data of %s as they were\n", p.folder)
	default:
		e.PTQ, err = p.judgePTQ(ctx, own, set, splits)
	}
	return e, err
}

// judgeFloat evaluates the network of the float stage.
func judgeFloat(ctx context.Context, model string, set *datasets.Set, splits []*datasets.Split) (*judged, error) {
	p, err := openPredictor(model, true)
	if err != nil {
		return nil, err
	}
	j, err := p.judge(ctx, set, splits)
	return j, errors.Join(err, p.close())
}

// judgePTQ evaluates what PTQ made of the float network: it calibrates again, on
// the data of the run.
func (p *predictor) judgePTQ(ctx context.Context, own, set *datasets.Set, splits []*datasets.Split) (*judged, error) {
	float := filepath.Join(p.folder, floatFile)
	weights, err := train.ReadWeights(float)
	if err != nil {
		return nil, err
	}
	settings := *p.run
	if settings.Weights != "" {
		settings.Weights = float // which began with those, wherever they are now
	}
	job, err := settings.Train(own)
	if err != nil {
		return nil, err
	}
	model, err := train.Calibrated(ctx, job, weights)
	if err != nil {
		return nil, err
	}
	ptq := newPredictor(model)
	if err := ptq.openIntegers(); err != nil {
		return nil, err
	}
	return ptq.judge(ctx, set, splits)
}

// compare lists the samples whose class quantization changed.
func (e *evaluation) compare(set *datasets.Set, splits []*datasets.Split) {
	e.Flipped = []flip{}
	at := 0
	for _, split := range splits {
		for i, label := range split.Labels {
			was, is := e.Float.predicted[at], e.Quantized.predicted[at]
			if was != is {
				e.Flipped = append(e.Flipped, flip{set.Sample(split, i), e.Classes[label], e.Classes[was],
					e.Classes[is]})
				e.flipped = append(e.flipped, sample{at, split, i})
			}
			at++
		}
	}
}
