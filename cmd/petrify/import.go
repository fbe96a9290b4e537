package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"petrify/graph/fromonnx"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/imported"
	"petrify/internal/safetensors"
)

func (c *command) importer() *cobra.Command {
	var out string
	var shape []int
	cmd := &cobra.Command{
		Use:   "import FILE.onnx",
		Short: "Turn an ONNX file into a network to train, quantize and ship",
		Long: `Turn an ONNX file into a network. It writes a folder with the layers in ` + config.NetworkFile + `,
the weights in ` + config.WeightsFile + ` and, in ` + config.ImportFile + `, what became of the rest, and
compares the network with the file on random inputs. The file is run by ONNX
Runtime if PETRIFY_ORTRUN names a program that does so, or else its operators are
evaluated as they are defined.

The configuration's key network takes the folder, or the file itself:

  petrify train --set network=FOLDER --config FILE.yaml`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.importFile(cmd.Context(), args[0], out, shape)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`DIR` to write (default the file's name without its extension)")
	cmd.Flags().IntSliceVar(&shape, "shape", nil,
		"`SIZES` of one input, such as 3,32,32, where the file leaves them open")
	return cmd
}

func (c *command) importFile(ctx context.Context, path, out string, shape []int) error {
	if out == "" {
		if out = strings.TrimSuffix(path, filepath.Ext(path)); out == path {
			return usage(errors.New("want --out DIR for a file without an ending"))
		}
	}
	if err := mayBecomeImport(out); err != nil {
		return err
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(debug.SetMemoryLimit(-1), importMemory)))
	m, err := fromonnx.Read(path, fromonnx.Options{Shape: shape})
	if err != nil {
		return err
	}
	comparison, err := c.compareImport(ctx, path, m)
	if err != nil {
		return err
	}
	if err := writeImport(out, m, comparison); err != nil {
		return err
	}
	return c.describeImport(out, m, comparison)
}

// importMemory is from where on the garbage collector works harder, so that the
// largest networks that are allowed need less than a GiB.
const importMemory = 640 << 20

// mayBecomeImport refuses a folder that holds files of the names that an import
// writes, and is none.
func mayBecomeImport(out string) error {
	if exists(filepath.Join(out, config.ImportFile)) {
		return nil
	}
	for _, name := range []string{config.NetworkFile, config.WeightsFile} {
		if exists(filepath.Join(out, name)) {
			return fmt.Errorf("%s holds a %s and no %s: choose another folder with --out", out, name, config.ImportFile)
		}
	}
	return nil
}

// importRecord is import.json.
type importRecord struct {
	fromonnx.Facts
	Layers     []fromonnx.Layer   `json:"layers"`
	Comparison recordedComparison `json:"comparison"`
}

// recordedComparison is how the network compared with the file.
type recordedComparison struct {
	With     string  `json:"with"`
	Inputs   int     `json:"inputs"`
	Greatest float64 `json:"greatestOutput"`
	Furthest float64 `json:"greatestDifference"`
}

func writeImport(out string, m *fromonnx.Model, c imported.Comparison) error {
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	var tensors []safetensors.Tensor
	for _, w := range m.Weights {
		tensors = append(tensors, safetensors.Of(w.Name, w.Shape, w.F32))
	}
	text, err := record(m, c)
	if err != nil {
		return err
	}
	return errors.Join(
		atomicfile.Write(filepath.Join(out, config.NetworkFile), func(w io.Writer) error {
			return config.WriteNetwork(w, m.Network)
		}),
		safetensors.WriteFile(filepath.Join(out, config.WeightsFile), tensors, nil),
		atomicfile.WriteFile(filepath.Join(out, config.ImportFile), text),
	)
}

// record is the text of import.json.
func record(m *fromonnx.Model, c imported.Comparison) ([]byte, error) {
	r := importRecord{m.Facts, m.Layers, recordedComparison{c.By, c.Inputs, c.Greatest, c.Furthest}}
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}

// describeImport prints the layers, and what became of the rest.
func (c *command) describeImport(out string, m *fromonnx.Model, compared imported.Comparison) error {
	t := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "layer\tkind\toutput\tparameters\tnodes of the file")
	total := 0
	for _, l := range m.Layers {
		total += l.Parameters
		parameters := ""
		if l.Parameters > 0 {
			parameters = thousands(int64(l.Parameters))
		}
		fmt.Fprintf(t, "%s\t%s\t%v\t%s\t%s\n", l.Layer, l.Kind, l.Shape, parameters, joinedSome(l.Nodes))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	by := ""
	if m.Producer != "" {
		by = " by " + m.Producer
	}
	fmt.Fprintf(&b, "\n%s, opset %d%s: %d layers, %s parameters\n", m.File, m.Opset, by, len(m.Layers),
		thousands(int64(total)))
	fmt.Fprintf(&b, "input  %q %s %v\n", m.Facts.Input.Name, m.Facts.Input.Layout, m.Facts.Input.Shape)
	fmt.Fprintf(&b, "output %q %s %v, loss %v\n", m.Output.Name, m.Output.Layout, m.Output.Shape, m.Network.Loss)
	if len(m.Cut) > 0 {
		fmt.Fprintf(&b, "cut off at the end, since the loss takes what comes before: %s; export puts it back with "+
			"--result\n", joinedCuts(m.Cut))
	}
	if len(m.Folded) > 0 {
		fmt.Fprintf(&b, "folded: %s\n", strings.Join(m.Folded, "; "))
	}
	for _, a := range m.Assumed {
		fmt.Fprintf(&b, "assumed: %s\n", a)
	}
	fmt.Fprintln(&b, howCompared(compared))
	fmt.Fprintf(&b, "wrote %s: %s, %s, %s\n", out, config.NetworkFile, config.WeightsFile, config.ImportFile)
	_, err := io.WriteString(c.stdout, b.String())
	return err
}

func joinedCuts(cuts []fromonnx.Cut) string {
	var names []string
	for _, cut := range cuts {
		names = append(names, string(cut))
	}
	return strings.Join(names, ", ")
}

// joinedSome lists the first few of names.
func joinedSome(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s … (%d)", strings.Join(names[:most], ", "), len(names))
}
