package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"petrify/datasets"
	"petrify/internal/score"
)

// judge runs the network on splits of a set.
func (p *predictor) judge(ctx context.Context, set *datasets.Set, splits []*datasets.Split) (*judged, error) {
	s, j := score.New(len(set.Classes)), &judged{}
	for _, split := range splits {
		err := p.each(set, split, func(_ int, y []float32, b datasets.Batch) error {
			for i, label := range b.Labels[:b.N] {
				q := p.probabilities(y[i*p.outputs : (i+1)*p.outputs])
				predicted := s.Add(int(label), q)
				j.predicted, j.confidence = append(j.predicted, predicted), append(j.confidence, q[predicted])
			}
			return context.Cause(ctx)
		})
		if err != nil {
			return nil, err
		}
	}
	j.Accuracy, j.Balanced, j.CalibrationError = s.Accuracy(), s.Balanced(), s.CalibrationError()
	j.Confusion, j.bins = s.Confusion, s.Bins()
	if top := s.Top5(); len(set.Classes) > 5 {
		j.Top5 = &top
	}
	for i, name := range set.Classes {
		accuracy, n := s.ByClass(i)
		j.ByClass = append(j.ByClass, judgedClass{name, n, accuracy})
	}
	return j, nil
}

// The most classes of a printed confusion matrix, and flipped samples of a list.
const (
	matrixClasses = 20
	listedFlips   = 20
)

// write prints the evaluation as tables.
func (e *evaluation) write(w io.Writer) error {
	fmt.Fprintf(w, "%s on %s: %s samples, %s\n\n", e.Network, e.Data, thousands(int64(e.Samples)), e.Split)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	width := len("balanced accuracy")
	for _, name := range e.Classes {
		width = max(width, utf8.RuneCountInString(name))
	}
	heads, columns := "", e.columns()
	for _, c := range columns {
		heads += c.head + "\t"
	}
	row := func(name, form string, of func(*judged) float64) {
		fmt.Fprintf(t, "%-*s\t", width, name)
		for _, c := range columns {
			fmt.Fprintf(t, form+"\t", of(c.judged))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintf(t, "%*s\t%s\n", width, "", heads)
	row("accuracy", "%.2f %%", func(j *judged) float64 { return 100 * j.Accuracy })
	if e.Quantized.Top5 != nil {
		row("top-5 accuracy", "%.2f %%", func(j *judged) float64 { return 100 * *j.Top5 })
	}
	row("balanced accuracy", "%.2f %%", func(j *judged) float64 { return 100 * j.Balanced })
	row("calibration error", "%.4f", func(j *judged) float64 { return j.CalibrationError })
	fmt.Fprintf(t, "\n%-*s\t%ssamples\t\n", width, "class", heads)
	for i, class := range e.Quantized.ByClass {
		if class.Samples == 0 {
			continue
		}
		fmt.Fprintf(t, "%-*s\t", width, class.Class)
		for _, c := range columns {
			fmt.Fprintf(t, "%.2f %%\t", 100*c.ByClass[i].Accuracy)
		}
		fmt.Fprintf(t, "%s\t\n", thousands(int64(class.Samples)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := e.writeConfusion(w); err != nil || e.Float == nil {
		return err
	}
	return e.writeFlips(w)
}

// column is a network in the tables.
type column struct {
	head string
	*judged
}

// columns are the networks that were judged.
func (e *evaluation) columns() []column {
	shipped := "quantized"
	if e.Float != nil {
		shipped = strings.ToUpper(e.Method)
	}
	all := []column{{"float", e.Float}, {"PTQ", e.PTQ}, {shipped, e.Quantized}}
	return slices.DeleteFunc(all, func(c column) bool { return c.judged == nil })
}

func (e *evaluation) writeConfusion(w io.Writer) error {
	if len(e.Classes) > matrixClasses {
		_, err := fmt.Fprintf(w, "\n--json has the confusion matrix of %d classes.\n", len(e.Classes))
		return err
	}
	fmt.Fprintln(w, "\nconfusion of the quantized model: a row for each class, a column for each prediction")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\t%s\t\n", strings.Join(e.Classes, "\t"))
	for i, counts := range e.Quantized.Confusion {
		fmt.Fprintf(t, "%s\t", e.Classes[i])
		for _, n := range counts {
			fmt.Fprintf(t, "%d\t", n)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// mended counts the samples whose class quantization changed to the right one, and
// those where it was right before.
func (e *evaluation) mended() (mended, broken int) {
	for _, f := range e.Flipped {
		switch f.Class {
		case f.Quantized:
			mended++
		case f.Float:
			broken++
		}
	}
	return mended, broken
}

func (e *evaluation) writeFlips(w io.Writer) error {
	mended, broken := e.mended()
	fmt.Fprintf(w, "\n%s of %s samples change their class between float and %s: %d to the right one, %d away from it\n",
		thousands(int64(len(e.Flipped))), thousands(int64(e.Samples)), strings.ToUpper(e.Method), mended, broken)
	if len(e.Flipped) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "sample\tclass\tfloat\t%s\n", strings.ToUpper(e.Method))
	for _, f := range e.Flipped[:min(len(e.Flipped), listedFlips)] {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Sample, f.Class, f.Float, f.Quantized)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(e.Flipped) - listedFlips; more > 0 {
		fmt.Fprintf(w, "and %d more, which --json lists\n", more)
	}
	return nil
}
