package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/train"
)

func (c *command) verify() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "verify RUN|MODEL",
		Short: "Prove on the whole test split that training, integers and exports agree",
		Long: `Compute every image of the test split in several ways and compare the outputs,
element by element: the quantized graph that was trained, the integer engine,
the model read again from its file, and ONNX Runtime on the exported file. The
proof is printed and written beside the model as ` + quantized.ProofFile + `. A difference
makes the exit code 1.

Exported files in the folder are made again from the model, by the options that
they name, and compared byte for byte; one that was changed, or is of another
model, makes the exit code 1. Whether it names this proof is printed, and of a
.tflite file, how many outputs differ in the arithmetic of its runtime, XNNPACK.

RUN is a run folder. MODEL is a model.json or model.safetensors, a folder with
them, or an exported file in such a folder; without the rest of the run, the
graph is left out.

ONNX Runtime is reached through the program that the environment variable
` + ortrunVariable + ` names, or ortrun on the path: build it in internal/conformance with
CGO_ENABLED=1 go build ./cmd/ortrun.`,
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.subject(cmd.Context(), args[0], dir)
			if err != nil {
				return err
			}
			p, err := s.prove(cmd.Context())
			if err != nil {
				return err
			}
			if err := p.Save(s.folder); err != nil {
				return err
			}
			if err := p.WriteTable(c.stdout); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "\n%s\n", p)
			if s.ortrun == "" {
				fmt.Fprintf(c.stdout, "ONNX Runtime was not compared: $%s names no program, and there is no ortrun on the path.\n", ortrunVariable)
			}
			return errors.Join(p.Check(), s.checkFiles(cmd.Context(), c.stdout, p))
		},
	}
	cmd.Flags().StringVar(&dir, "data", "", "`DIR` with the data set's files; for a MODEL trained on a user's own data, their path")
	return cmd
}

// subject is what is verified.
type subject struct {
	folder string // for proof.json
	graph  *graph.Model
	model  *quantized.Model // frozen from the graph, where there is one
	file   *quantized.Model // read from a file
	data   *datasets.Set
	ortrun string // the program that runs ONNX Runtime; "": none
	named  string // the exported file on the command line; "": none
	onnx   []byte // the default export, which names the proof; prove sets it
}

// subject finds out what a path on the command line holds.
func (c *command) subject(ctx context.Context, path, dir string) (*subject, error) {
	path, exported := modelOf(path)
	m, err := quantized.Load(path)
	if err != nil {
		return nil, err
	}
	s := &subject{folder: path, file: m, ortrun: findOrtrun(), named: exported}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		s.folder = filepath.Dir(path)
	} else if saved := savedConfig(path); saved != "" {
		return s, s.openRun(ctx, saved, dir)
	}
	if s.model, err = again(m); err != nil {
		return nil, err
	}
	s.data, err = openOrigin(ctx, m.Origin.Dataset, dir)
	return s, err
}

// openOrigin opens the data that a model was trained on: a published set, whose
// files may be in a folder, or a user's own, which the path says.
func openOrigin(ctx context.Context, name, path string) (*datasets.Set, error) {
	published := slices.ContainsFunc(datasets.Names(), func(i datasets.Info) bool { return i.Name == name })
	switch {
	case published:
		return datasets.OpenContext(ctx, name, datasets.Options{Dir: path})
	case path == "":
		return nil, usage(fmt.Errorf("the model was trained on %q: say with --data where that is", name))
	}
	return datasets.OpenContext(ctx, path, datasets.Options{})
}

// openRun rebuilds the graph of a finished run.
func (s *subject) openRun(ctx context.Context, saved, dir string) error {
	settings, err := config.Load(saved)
	if err != nil {
		return err
	}
	if dir != "" {
		settings.Data.Dir = dir
	}
	settings.Out = s.folder // it may have been moved
	if s.data, err = datasets.OpenContext(ctx, settings.Dataset, settings.Data); err != nil {
		return err
	}
	job, err := settings.Train(s.data)
	if err != nil {
		return err
	}
	return s.rebuild(job)
}

// rebuild takes the graph and its frozen model from the run's checkpoint.
func (s *subject) rebuild(job train.Config) (err error) {
	if s.graph, err = train.Finished(job); err != nil {
		return err
	}
	s.model, err = s.graph.Freeze()
	return err
}

// again writes and reads a model.
func again(m *quantized.Model) (*quantized.Model, error) {
	tensors, manifest, err := m.Encode()
	if err != nil {
		return nil, err
	}
	return quantized.Decode(tensors, manifest)
}

// proveRun proves a run that has just been saved, and prints the outcome.
func (c *command) proveRun(ctx context.Context, job train.Config) error {
	m, err := quantized.Load(job.Out)
	if err != nil {
		return err
	}
	s := &subject{folder: job.Out, file: m, data: job.Data, ortrun: findOrtrun()}
	if err := s.rebuild(job); err != nil {
		return err
	}
	p, err := s.prove(ctx)
	if err != nil {
		return err
	}
	// the proof last: who finds it finds the export that it lists
	if err := atomicfile.WriteFile(filepath.Join(job.Out, onnxFormat().file), s.onnx); err != nil {
		return err
	}
	if err := p.Save(job.Out); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "\n%s\n", p)
	return p.Check()
}

// engines are those of the frozen model and of the file.
func (s *subject) engines() (frozen, file *integer.Engine, err error) {
	if frozen, err = integer.New(s.model, integer.Options{}); err != nil {
		return nil, nil, err
	}
	file, err = integer.New(s.file, integer.Options{})
	return frozen, file, err
}
