package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// program is an export that computes in an arithmetic that the integer engine
// does not have.
type program struct {
	arithmetic string // such as "float16"
	flag       string // that makes export write it
	open       func() (computer, error)
}

// computer runs a program on one image at a time, C H W, and shows the
// activations.
type computer interface {
	Run(x []float32) error
	Activation(y []float32, name string) []float32
}

// drift is how far a program deviates from the integer engine on some images.
type drift struct {
	program
	images, elements  int
	differ            int   // elements
	differing         []int // images with such
	far               int   // images with an element more than a step away
	changed           int   // labels
	right, rightThere int   // labels that are the data's, by the engine and by the program
	begins            string
}

// add compares the outputs for an image.
func (d *drift) add(image int, label int32, ours, theirs []float32, step float32) {
	differ, furthest := 0, float32(0)
	for i, r := range ours {
		if r != theirs[i] {
			differ++
			furthest = max(furthest, r-theirs[i], theirs[i]-r)
		}
	}
	d.images, d.elements, d.differ = d.images+1, d.elements+len(ours), d.differ+differ
	if differ > 0 {
		d.differing = append(d.differing, image)
	}
	d.far += one(furthest > 1.5*step)
	a, b := best(ours), best(theirs)
	d.changed += one(a != b)
	d.right += one(a == int(label))
	d.rightThere += one(b == int(label))
}

// one is 1 if it holds.
func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// labels says how many labels change, and how the accuracy does.
func (d *drift) labels() string {
	percent := func(n int) float64 { return 100 * float64(n) / float64(max(1, d.images)) }
	return fmt.Sprintf("%s of %s labels change, and the accuracy goes from %.2f %% to %.2f %%",
		thousands(int64(d.changed)), thousands(int64(d.images)), percent(d.right), percent(d.rightThere))
}

// driftOf runs a program on the chosen images of the test split; nil: on all.
func (s *subject) driftOf(ctx context.Context, p program, chosen []int) (*drift, error) {
	engine, err := integer.New(s.file, integer.Options{})
	if err != nil {
		return nil, err
	}
	computers := make([]computer, runtime.GOMAXPROCS(0))
	for i := range computers {
		if computers[i], err = p.open(); err != nil {
			return nil, err
		}
	}
	d, size := &drift{program: p}, engine.OutputSize()
	out, _ := s.file.Activation(s.file.Output)
	ours, theirs := make([]float32, verifyBatch*size), make([]float32, verifyBatch*size)
	for images, err := range s.images(chosen, verifyBatch) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n := len(images.indices)
		if err := engine.Run(ours[:n*size], images.x, n); err != nil {
			return nil, err
		}
		if err := share(computers, theirs[:n*size], planar(images.x, s.data.Shape), s.file.Output, n); err != nil {
			return nil, err
		}
		for i, index := range images.indices {
			at := i * size
			d.add(index, s.data.Test.Labels[index], ours[at:at+size], theirs[at:at+size], out.Quant.Scale)
		}
	}
	return d, s.findBeginning(computers[0], d)
}

// share divides n images among computers, and collects the outputs.
func share(computers []computer, y, x []float32, output string, n int) error {
	var group sync.WaitGroup
	faults := make([]error, len(computers))
	in, out := len(x)/n, len(y)/n
	for first, c := range computers {
		group.Go(func() {
			for i := first; i < n && faults[first] == nil; i += len(computers) {
				faults[first] = c.Run(x[i*in : (i+1)*in])
				c.Activation(y[i*out:i*out], output)
			}
		})
	}
	group.Wait()
	return errors.Join(faults...)
}

// searched is how many differing images are searched for the layer where it begins.
const searched = 16

// findBeginning finds the first layer that differs in the first differing images.
func (s *subject) findBeginning(c computer, d *drift) error {
	if len(d.differing) == 0 {
		return nil
	}
	layers, err := layersOf(s.file)
	if err != nil {
		return err
	}
	first := len(s.file.Nodes) - 1
	for images, err := range s.images(d.differing[:min(searched, len(d.differing))], 1) {
		if err != nil {
			return err
		}
		made, err := s.made(layers, images.x)
		if err != nil {
			return err
		}
		if err := c.Run(planar(images.x, s.data.Shape)); err != nil {
			return err
		}
		for i, n := range s.file.Nodes[:first] {
			if !slices.Equal(planar(made[n.Name], imageOf(n.Output.Shape)), c.Activation(nil, n.Name)) {
				first = i
				break
			}
		}
	}
	d.begins = s.file.Nodes[first].Name
	return nil
}

// hasLabels reports whether the outputs are one number for each class.
func hasLabels(m *quantized.Model) bool {
	return len(m.Classes) > 0 && outputSize(m) == len(m.Classes)
}

// inProgram says how outputs, labels and accuracy on the test split change in
// an export that computes in an arithmetic of its own.
func (s *subject) inProgram(ctx context.Context, e export) (string, error) {
	if e.programs == nil {
		return "", nil
	}
	programs, err := e.programs(e.path, s.file)
	if err != nil {
		return "", err
	}
	d, err := s.driftOf(ctx, programs[0], nil)
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("; in %s arithmetic %s of its %s outputs differ",
		d.arithmetic, thousands(int64(d.differ)), thousands(int64(d.elements)))
	if d.differ == 0 {
		return said, nil
	}
	said += fmt.Sprintf(", from layer %q on", d.begins)
	if out, _ := s.file.Activation(s.file.Output); !out.Quant.IsFloat() {
		said += fmt.Sprintf("; %.1f %% of the images have one more than a step off",
			100*float64(d.far)/float64(d.images))
	}
	if hasLabels(s.file) {
		said += "; " + d.labels()
	}
	return said, nil
}

// tried is the greatest number of images of the test split on which an export
// is tried.
const tried = 1000

// tryExport warns if an export of a run changes labels of its test split, and says
// how many each of the alternatives would change.
func (c *command) tryExport(ctx context.Context, run string, e export, m *quantized.Model) error {
	if e.programs == nil || savedConfig(run) == "" || !hasLabels(m) {
		return nil
	}
	s := &subject{folder: run, file: m}
	if err := c.openHere(ctx, s); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		fmt.Fprintf(c.stderr, "%s was not tried on the run's test split: %v\n", e.path, err)
		return nil
	}
	programs, err := e.programs(e.path, m)
	if err != nil {
		return err
	}
	chosen := s.sample(tried)
	d, err := s.driftOf(ctx, programs[0], chosen)
	if err != nil || d.changed == 0 {
		return err
	}
	var others []string
	for _, p := range programs[1:] {
		other, err := s.driftOf(ctx, p, chosen)
		if err != nil {
			return err
		}
		others = append(others, fmt.Sprintf("with %s, %s would", p.flag, thousands(int64(other.changed))))
	}
	_, err = fmt.Fprintf(c.stderr, "%s: in %s arithmetic %s on the test split; %s.\n", e.path, d.arithmetic, d.labels(),
		strings.Join(others, "; "))
	return err
}
