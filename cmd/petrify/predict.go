package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/internal/atomicfile"
	"petrify/train"
)

// prediction is what a network says about one input.
type prediction struct {
	Input       string             `json:"input"`
	Time        string             `json:"time,omitempty"` // when a window of a recording begins
	Class       string             `json:"class,omitempty"`
	Probability float64            `json:"probability,omitempty"`
	Shares      []classShare       `json:"shares,omitempty"` // of the pixels, by class
	Score       *float64           `json:"score,omitempty"`  // how badly the input is reproduced, where that tells anomalies
	Targets     []targetNumber     `json:"targets,omitempty"`
	Labels      []labelProbability `json:"labels,omitempty"`
	Outputs     []float32          `json:"outputs"`
	mask        []uint8            // the class of each pixel
}

func (c *command) predict() *cobra.Command {
	var asJSON, float bool
	var out, layout, masks string
	cmd := &cobra.Command{
		Use:   "predict MODEL INPUT...",
		Short: "Run a frozen model on pictures, sounds, tables or arrays",
		Long: `Run a frozen model, in integers, and print the class of each input with its
probability; the numbers that a model predicts, in their own units, or the probability of each
label, under their names; the score of an input to a model that tells anomalies, the mean squared
error of its reconstruction; or the outputs of another model. MODEL is a run folder, or
its model.json or model.safetensors. An INPUT is a picture or a sound
(WAV), a folder of such and of further folders, a .csv or .tsv table, or a .npy or .npz array whose first
axis counts the inputs.

Inputs are read and normalised as the training data were: pictures are scaled if
those were, and the columns of a table are found by their titles. Inputs that the
model was not trained for are refused: pictures of another size, colour instead of
grey, real numbers instead of bytes, missing columns.

The probability is the softmax of the outputs, unless the network ends with one.

With --float, MODEL may also be the folder of an import. An INPUT is then a .npz
file with an array x in the layout of the ONNX file, and the outputs are those of
that file. With --input-layout source, a model that was trained on an import takes
such arrays, too, whose numbers are normalised as the file takes them.

With --masks, a model with a class for each pixel writes the classes of each input as a
PNG file whose pixels are their numbers, with a palette, named after the input; or, if
the name ends in .npz, all of them as an array y, as petrify train reads them.

A model of windows of recordings takes tables with a row for each moment, and folders
of them. Each window is an input, named with the time at which it begins.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) >= 2 {
				return nil
			}
			return fmt.Errorf("got %d arguments, want a model and its inputs: %s", len(args), cmd.UseLine())
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if isImport(args[0]) {
				w := tableWriter(c.stdout, "outputs")
				if asJSON {
					w = jsonWriter(c.stdout)
				}
				return c.predictImport(args[0], args[1:], float, w, out)
			}
			if layout != "" && layout != "source" {
				return usage(fmt.Errorf("--input-layout %q: want source", layout))
			}
			p, err := openPredictor(args[0], float)
			if err != nil {
				return err
			}
			if masks != "" && (layout != "" || pixelClasses(p.model) == 0) {
				err := usage(fmt.Errorf("--masks %s has no effect: want a model with a class for each pixel, and no "+
					"--input-layout", masks))
				return errors.Join(err, p.close())
			}
			if layout != "" {
				w := tableWriter(c.stdout, "outputs")
				if asJSON {
					w = jsonWriter(c.stdout)
				}
				return errors.Join(c.predictSource(p, args[1:], w, out), p.close())
			}
			w := tableWriter(c.stdout, p.heading())
			if asJSON {
				w = jsonWriter(c.stdout)
			}
			return errors.Join(c.predictAll(cmd.Context(), p, args[1:], w, predictionFiles{out, masks}), p.close())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each input, one per line")
	cmd.Flags().BoolVar(&float, "float", false, "run the float network of a run folder or an import, not the integers")
	cmd.Flags().StringVar(&layout, "input-layout", "",
		"`source`: inputs as the ONNX file takes them that the model was imported from, and its outputs")
	cmd.Flags().StringVar(&masks, "masks", "",
		"also write the class of each pixel to PNG files in `FOLDER`, or to FILE.npz")
	cmd.Flags().StringVar(&out, "out", "", "also write all outputs to `FILE.npy`, float32, one input after the other")
	return cmd
}

// predictionFiles are those that are written besides what is printed; "": none.
type predictionFiles struct{ out, masks string }

// predictionWriter prints predictions.
type predictionWriter struct {
	add func(prediction) error
	end func() error
}

func jsonWriter(w io.Writer) predictionWriter {
	encoder := json.NewEncoder(w)
	return predictionWriter{func(p prediction) error { return encoder.Encode(p) }, func() error { return nil }}
}

func tableWriter(w io.Writer, heading string) predictionWriter {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "input\t"+heading)
	return predictionWriter{func(p prediction) error {
		input := p.Input
		if p.Time != "" {
			input += " at " + p.Time
		}
		var err error
		switch {
		case p.Shares != nil:
			_, err = fmt.Fprintf(t, "%s\t%s\n", input, listShares(p.Shares))
		case p.Score != nil:
			_, err = fmt.Fprintf(t, "%s\t%.4f\n", input, *p.Score)
		case p.Class != "":
			_, err = fmt.Fprintf(t, "%s\t%s\t%.4f\n", input, p.Class, p.Probability)
		default:
			_, err = fmt.Fprintf(t, "%s\t%s\n", input, cmp.Or(p.columns(), joined(p.Outputs)))
		}
		return err
	}, t.Flush}
}

// joined lists numbers, the first few of many.
func joined(y []float32) string {
	const most = 8
	var all []string
	for _, v := range y[:min(len(y), most)] {
		all = append(all, strconv.FormatFloat(float64(v), 'g', 6, 32))
	}
	if len(y) > most {
		all = append(all, fmt.Sprintf("… (%d)", len(y)))
	}
	return strings.Join(all, " ")
}

// predictAll runs the network on all inputs.
func (c *command) predictAll(ctx context.Context, p *predictor, paths []string, w predictionWriter,
	files predictionFiles,
) error {
	var outputs []float32
	masks := newMaskFiles(p, files.masks)
	for _, path := range paths {
		done := c.watch(&p.input.Options)
		in, err := datasets.ReadInputs(ctx, path, p.input)
		if err = done(err); err != nil {
			return err
		}
		if in.Passed != "" {
			fmt.Fprintf(c.stderr, "%s: passed over: %s\n", path, in.Passed)
		}
		for _, w := range in.Warnings {
			fmt.Fprintf(c.stderr, "warning: %s: %s\n", path, w)
		}
		err = p.each(in.Set, in.Set.Test, func(first int, y []float32, b datasets.Batch) error {
			if files.out != "" {
				outputs = append(outputs, y...)
			}
			for i := range b.N {
				x := b.X[i*p.inputs() : (i+1)*p.inputs()]
				said := p.about(in.Set.Test.Names[first+i], x, y[i*p.outputs:(i+1)*p.outputs])
				if times := in.Set.Test.Times; times != nil {
					said.Time = times[first+i]
				}
				if err := errors.Join(w.add(said), masks.add(said)); err != nil {
					return err
				}
			}
			return context.Cause(ctx)
		})
		if err != nil {
			return err
		}
	}
	if err := errors.Join(w.end(), masks.end()); err != nil || files.out == "" {
		return err
	}
	output, _ := p.model.Activation(p.model.Output)
	shape := append([]int{len(outputs) / p.outputs}, output.Shape...)
	return atomicfile.Write(files.out, func(w io.Writer) error { return datasets.WriteNPY(w, shape, outputs) })
}

// heading is what is printed of each input.
func (p *predictor) heading() string {
	switch {
	case pixelClasses(p.model) > 0:
		return "pixels"
	case len(p.model.Classes) > 0:
		return "class\tprobability"
	case taskOf(p.model) == train.Anomaly:
		return "score"
	}
	return cmp.Or(p.targetHeading(), "outputs")
}

// about says what the outputs y of one input x mean.
func (p *predictor) about(name string, x, y []float32) prediction {
	said := prediction{Input: name, Outputs: y}
	if classes := pixelClasses(p.model); classes > 0 {
		said.mask = maskOf(y, classes)
		said.Shares = sharesOf(said.mask, p.model.Targets)
	}
	if taskOf(p.model) == train.Anomaly {
		score := train.ReconstructionError(y, x, p.input.Shape[0])
		said.Score = &score
	}
	said.target(taskOf(p.model), p.model.Targets, y)
	if len(p.model.Classes) > 0 {
		at := best(y)
		said.Class, said.Probability = p.model.Classes[at], p.probabilities(y)[at]
	}
	return said
}
