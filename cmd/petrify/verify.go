package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"petrify/internal/sums"
	"petrify/quantized"
)

func (c *command) verify() *cobra.Command {
	var data string
	var write, all bool
	cmd := &cobra.Command{
		Use:   "verify RUN|MODEL",
		Short: "Prove on the whole test split that training, integers and exports agree",
		Long: `Compute every image of the test split in several ways and compare the outputs,
element by element: the forward pass of training, with ranges and batch norm at
rest; the integer engine; the model read again from its file; ONNX Runtime on the
exported file. For a sample of images, or for all with --all, compare every
activation of the engine with the definition, plain loops that share no code with
it. Then compare what the files say with what was found:

  ` + quantized.ProofFile + `    says the same
  exports       whatever their names, equal to the last byte what the model
                gives with the options that they state; ONNX files are also
                run, and Core ML packages interpreted, to say what accuracy
                their arithmetic has
  ` + summaryFile + `  has the accuracy, losses and sizes that are measured again
  ` + sums.File + `    matches every file of the run

Any difference is named and makes the exit code 1. A file that ` + sums.File + ` does not
list is named too, but is an error only if it is an export of another model.
` + sums.File + ` reveals damage and mistakes; it is not a signature.

Only with --write is anything written: ` + quantized.ProofFile + ` and ` + sums.File + ` as found, if
everything else agrees.

RUN is a run folder. MODEL is a model.json or model.safetensors, a folder with
them, or an exported file in such a folder; without the rest of the run, training
and the summary are not checked.

ONNX Runtime is reached through the program that the environment variable
` + ortrunVariable + ` names, or ortrun on the path: build it in internal/conformance with
CGO_ENABLED=1 go build ./cmd/ortrun.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.verifyAll(cmd.Context(), args[0], data, write, all)
		},
	}
	cmd.Flags().StringVar(&data, "data", "",
		"`PATH` of the data, if they have moved: a folder with the files of a published set, or your own data")
	cmd.Flags().BoolVar(&all, "all", false,
		"compare every image's activations with the definition, not only a sample's; slow")
	cmd.Flags().BoolVar(&write, "write", false, "write "+quantized.ProofFile+" and "+sums.File+" as found")
	return cmd
}

// verifyAll checks everything and returns all faults.
func (c *command) verifyAll(ctx context.Context, path, data string, write, all bool) error {
	model, named := modelOf(path)
	folder := folderOf(model)
	listed, changed := checkSums(folder)
	s, err := c.openSubject(ctx, model, data)
	if err != nil {
		return errors.Join(changed, faultOfFile(err, changed != nil))
	}
	s.named = named
	p, err := s.prove(ctx)
	if err != nil {
		return errors.Join(changed, err)
	}
	if err := p.WriteTable(c.stdout); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "\n%s\n", p)
	if r := defaultFormat().runner; r.program() == "" {
		fmt.Fprintf(c.stdout, "%s was not compared: $%s names no program, and there is no %s on the path.\n",
			r.name, r.variable, r.usual)
	}
	if all {
		if err := c.proveAll(ctx, s); err != nil {
			return err
		}
	}
	faults := errors.Join(p.Check(), s.checkExports(ctx, c.stdout, p), s.checkSummary(ctx, c.stdout))
	if !write {
		same, differs := checkProof(folder, p)
		_, err := fmt.Fprint(c.stdout, same, listed)
		return errors.Join(changed, faults, differs, err)
	}
	if faults != nil {
		return fmt.Errorf("%w\nnothing was written", faults)
	}
	owner, err := ownSoon(ctx, folder)
	if err != nil {
		return err
	}
	return errors.Join(s.writeRecords(p), owner.Release())
}
