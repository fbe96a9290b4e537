package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"petrify/internal/sums"
	"petrify/quantized"
)

// exportOptions are the flags of all formats; the zero value is each format's
// default.
type exportOptions struct {
	opset, batch                 int
	signed, image, normalize     bool
	classifier, int4             bool
	pack, noPack                 bool
	result, target               string
	inputLayout                  string
	precision, weights           string
	author, license, description string
	version                      string
	name, requantization         string
	json                         bool

	facts  map[string]string // of the model's proof; no flag
	folder string            // of the model; no flag
}

func (o *exportOptions) define(f *pflag.FlagSet) {
	f.IntVar(&o.opset, "opset", 0,
		"onnx: version `N` of the operators, 13 or 21 (default 13, or 21 for weights with scales per block)")
	f.IntVar(&o.batch, "batch", 0,
		"onnx, tflite: fix the batch to `N` inputs; 0 leaves it open, which for tflite is 1")
	f.BoolVar(&o.int4, "int4", false, "tflite: pack weights of 4 bits two to a byte, for LiteRT and CMSIS-NN")
	f.BoolVar(&o.signed, "signed", false, "onnx: activations as int8 instead of uint8")
	f.BoolVar(&o.image, "image", false, "onnx, coreml: the input is an image, which the model normalises")
	f.BoolVar(&o.normalize, "normalize", false, "coreml: the input is raw values, which the model normalises")
	f.StringVar(&o.inputLayout, "input-layout", "",
		"onnx, tflite, c: `LAYOUT` of the input: nchw (default of onnx), nhwc (of the others), ncl or nlc, or source, "+
			"as the file that was imported has it")
	f.StringVar(&o.result, "result", "", "onnx: `WHAT` the output holds: logits, probabilities or class")
	f.StringVar(&o.target, "target", "", "`SYSTEM` that must run it; onnx: any or x64-avx2; coreml: iOS16, iOS17, iOS18")
	f.StringVar(&o.precision, "precision", "", "coreml: `TYPE` to compute in, float16 or float32")
	f.BoolVar(&o.classifier, "classifier", false,
		"coreml: output the label of the class and all probabilities")
	f.StringVar(&o.weights, "weights-encoding", "", "coreml: `TYPE` of stored weights, int8, uint8 or palette")
	f.StringVar(&o.author, "author", "", "coreml: `TEXT`, the model's author")
	f.StringVar(&o.license, "license", "", "coreml: `TEXT`, the model's licence")
	f.StringVar(&o.version, "model-version", "", "coreml: `TEXT`, the model's version")
	f.StringVar(&o.description, "description", "", "coreml: `TEXT` that says what the model is for")
	f.StringVar(&o.name, "name", "", "c: `NAME` that files, functions and macros begin with (default the network's)")
	f.BoolVar(&o.pack, "pack", false, "c: pack weights of up to 2 bits four to a byte, of 3 and 4 bits two; the default")
	f.BoolVar(&o.noPack, "no-pack", false, "c: a byte for each weight")
	f.BoolVar(&o.json, "json", false, "c: print the path and what the export takes as JSON")
	f.StringVar(&o.requantization, "requantization", "", "c: `HOW` sums become integers: float32, gemmlowp or single")
}

func (c *command) export() *cobra.Command {
	var name, out string
	var options exportOptions
	var names, runs []string
	for _, f := range formats() {
		names = append(names, f.name)
		runs = append(runs, f.name+" ("+f.runs+")")
	}
	cmd := &cobra.Command{
		Use:   "export MODEL",
		Short: "Write a frozen model for another runtime",
		Long: `Write a frozen model for another runtime. MODEL is a run folder, or its model.json
or model.safetensors. The file names the model by its SHA-256 and, if the model
has a ` + quantized.ProofFile + `, the proof; "petrify verify" checks both. In a run folder,
` + sums.File + ` lists the export from then on. A run's Core ML package is tried on the
run's test split, and a warning says how many predictions float16 changes, if any.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.Index(names, name)
			if i < 0 {
				return usage(fmt.Errorf("format %q: want one of %s", name, strings.Join(names, ", ")))
			}
			f := formats()[i]
			if err := f.check(cmd.Flags()); err != nil {
				return usage(err)
			}
			return c.exportTo(cmd.Context(), f, args[0], out, options)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVarP(&name, "format", "f", names[0], "`FORMAT`, one of "+strings.Join(runs, ", "))
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; for c, the header (default next to the model)")
	options.define(cmd.Flags())
	return cmd
}

// check refuses flags that have no effect on the format.
func (f format) check(flags *pflag.FlagSet) error {
	var idle []string
	flags.Visit(func(flag *pflag.Flag) {
		if flag.Name != "format" && flag.Name != "out" && !slices.Contains(f.options, flag.Name) {
			idle = append(idle, "--"+flag.Name)
		}
	})
	if idle != nil {
		return fmt.Errorf("%s has no effect on format %s, which takes --%s",
			strings.Join(idle, ", "), f.name, strings.Join(f.options, ", --"))
	}
	return nil
}

func (c *command) exportTo(ctx context.Context, f format, path, out string, o exportOptions) error {
	m, err := loadModel(path)
	if err != nil {
		return err
	}
	folder := folderOf(path)
	o.folder = folder
	if out == "" {
		out = filepath.Join(folder, f.usualPlace(m, o))
	}
	if o.facts, err = c.proofOf(m, folder); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	write := func() error { return f.write(out, m, o) }
	if err := writeListed(ctx, folder, export{out, f}, write); err != nil {
		return err
	}
	if err := c.tellExport(f, out, m, o); err != nil {
		return err
	}
	if err := c.tryExport(ctx, path, export{out, f}, m); ctx.Err() == nil {
		return err
	}
	return nil // interrupted: the export is whole, and was not tried
}

// tellExport prints where an export is, and what it takes on microcontrollers.
func (c *command) tellExport(f format, out string, m *quantized.Model, o exportOptions) error {
	if f.footprint == nil {
		_, err := fmt.Fprintln(c.stdout, out)
		return err
	}
	takes, err := f.footprint(m, o)
	if err != nil {
		return err
	}
	if o.json {
		return takes.writeJSON(c.stdout, out)
	}
	if _, err := fmt.Fprintln(c.stdout, out); err != nil {
		return err
	}
	return takes.print(c.stderr)
}

// proofOf returns what the folder's proof says about the model; nothing if
// there is no proof of this model.
func (c *command) proofOf(m *quantized.Model, folder string) (map[string]string, error) {
	p, err := quantized.LoadProof(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: \"petrify verify --write %s\" replaces it", err, folder)
	}
	if err := p.CheckModel(m); err != nil {
		fmt.Fprintf(c.stderr, "%s is left out: %v\n", filepath.Join(folder, quantized.ProofFile), err)
		return nil, nil
	}
	return p.Facts(), nil
}
