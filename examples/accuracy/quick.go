package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/config"
	"petrify/train"
)

// quick is the benchmark behind `make accuracy-quick`: what the defaults of a
// configuration file reach on networks for which nobody tuned them. Each network is
// trained in float once, quantized in every way, and trained on for one short epoch.
type quick struct {
	data     *datasets.Set
	networks []string
	bits     []string
	methods  []method
	float    int // epochs
	images   int // of the QAT epoch
	seed     uint64
	only     *regexp.Regexp // names of cells
	keep     string         // folder of the float networks
}

// method is a column: an algorithm of the configuration, with or without training.
type method struct {
	name, algorithm string
	epochs          int
	only            string // the bits for which it is measured; "": all
}

// The columns, in the order of the table. The gap of a trained cell is the accuracy
// of the integers that are shipped less that of the forward pass that was trained.
const (
	columnFloat = "float"
	columnPTQ   = "PTQ"
	columnQAT   = "QAT"
	columnSTE   = "vanilla"
	columnGap   = "gap"
)

func newQuick(data *datasets.Set) quick {
	return quick{
		data:     data,
		networks: []string{"resnet8", "ds-cnn", "mobilenet-v1-0.25", "nobn", "mlp"},
		bits:     []string{"W8A8", "W4A8", "W4A4", "W3A3", "W2A2", "WtA4", "W1A4"},
		methods: []method{
			{columnPTQ, "vanilla", 0, ""}, {columnQAT, "learnable", 1, ""}, {columnSTE, "vanilla", 1, "W4A4"},
		},
		float: 3, images: 20_000, seed: 1, keep: "runs/accuracy-quick",
	}
}

// measure measures the cells whose names match.
func (b quick) measure(ctx context.Context) (figures, error) {
	f, few := figures{}, *b.data
	few.Train = first(b.data.Train, b.images)
	for _, network := range b.networks {
		var weights []graph.State
		for _, bits := range b.bits {
			for _, m := range b.methods {
				name := cell(network, bits, m.name)
				if m.only != "" && !strings.Contains(m.only, bits) || b.only != nil && !b.only.MatchString(name) {
					continue
				}
				if weights == nil {
					var err error
					if weights, err = b.trained(ctx, network); err != nil {
						return nil, fmt.Errorf("%s: %w", network, err)
					}
				}
				if err := b.quantize(ctx, &few, network, bits, m, weights, f); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
	}
	return f, nil
}

// first is the first n images of a split.
func first(s *datasets.Split, n int) *datasets.Split {
	chosen := make([]bool, s.Len())
	for i := range min(n, len(chosen)) {
		chosen[i] = true
	}
	_, part := s.Cut(chosen)
	return part
}

// cell is the name of a figure.
func cell(network, bits, column string) string {
	if column == columnFloat {
		return network + " " + column
	}
	return network + " " + bits + " " + column
}

// nobn is cnn without batch norm.
const nobn = `{name: nobn, layers: [
  conv2d: {name: conv1, filters: 16, kernel: 3, padding: same}, relu, max_pool: {kernel: 2},
  conv2d: {name: conv2, filters: 32, kernel: 3, padding: same}, relu, max_pool: {kernel: 2},
  flatten, linear: {name: fc1, features: 128}, relu, linear: {name: fc2, features: 10}]}`

// config is a run as a configuration file describes it, with everything that is not
// named here at its default.
func (b quick) config(data *datasets.Set, network, bits, algorithm string) (train.Config, error) {
	w, a, _ := strings.Cut(strings.TrimPrefix(bits, "W"), "A")
	if w == "t" {
		w = "ternary"
	}
	rate := ", learning_rate: 0.001" // more than the default, since the epoch is short
	if w == "2" || w == "3" {
		rate = "" // what the defaults are for
	}
	if network == "nobn" {
		network = nobn
	}
	file, err := config.Parse("quick", fmt.Appendf(nil, `
network: %s
batch: 128
seed: %d
float: {epochs: 0, learning_rate: 0.002}
qat: {epochs: 1%s}
quantization: {edge_bits: 8, global_config: {algorithm: %s, weight_bits: %s, activation_bits: %s}}
`, network, b.seed, rate, algorithm, w, a))
	if err != nil {
		return train.Config{}, err
	}
	return file.Train(data)
}

// trained is the weights of a network that is trained in float, now or at an earlier
// time.
func (b quick) trained(ctx context.Context, network string) ([]graph.State, error) {
	path := filepath.Join(b.keep, fmt.Sprintf("seed%d", b.seed), network+".safetensors")
	if weights, err := train.ReadWeights(path); !errors.Is(err, fs.ErrNotExist) {
		return weights, err
	}
	c, err := b.config(b.data, network, "W8A8", "vanilla")
	if err != nil {
		return nil, err
	}
	c.Out = path + ".run"
	defer os.RemoveAll(c.Out)
	c.Float.Epochs, c.QAT.Epochs = b.float, 0
	if _, err := train.Run(ctx, c); err != nil {
		return nil, err
	}
	if err := os.Rename(filepath.Join(c.Out, "float.safetensors"), path); err != nil {
		return nil, err
	}
	return train.ReadWeights(path)
}

// quantize measures one cell.
func (b quick) quantize(ctx context.Context, data *datasets.Set, network, bits string, m method,
	weights []graph.State, f figures) error {
	c, err := b.config(data, network, bits, m.algorithm)
	if err != nil {
		return err
	}
	out, err := os.MkdirTemp("", "accuracy-quick-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	c.Out, c.Weights, c.QAT.Epochs = out, weights, m.epochs
	begin := time.Now()
	r, err := train.Run(ctx, c)
	if err != nil {
		return err
	}
	f[cell(network, bits, columnFloat)] = 100 * r.Float.Accuracy
	f[cell(network, bits, m.name)] = 100 * cmp.Or(r.QAT, r.PTQ).Accuracy
	if m.name == columnQAT {
		if f[cell(network, bits, columnGap)], err = gap(c); err != nil {
			return err
		}
	}
	log.Printf("%s: %.2f in %.0f s", cell(network, bits, m.name), f[cell(network, bits, m.name)],
		time.Since(begin).Seconds())
	return nil
}

// gap is how much better the shipped integers of a finished run classify the test
// split than the forward pass of its last training steps, in points.
func gap(c train.Config) (float64, error) {
	m, err := train.Finished(c)
	if err != nil {
		return 0, err
	}
	const batch = 250
	d, err := m.Distance(batch)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	ahead := 0
	for b, err := range c.Data.Batches(c.Data.Test, datasets.BatchOptions{Size: batch}) {
		if err != nil {
			return 0, err
		}
		found, err := d.Compare(b.X, b.Labels)
		if err != nil {
			return 0, err
		}
		ahead += found.Correct
	}
	return 100 * float64(ahead) / float64(c.Data.Test.Len()), nil
}

// The files that -update writes.
const (
	referenceFile = "examples/accuracy/reference.csv"
	pageFile      = "docs/few-bits.md"
)

// runQuick measures, prints, and compares with the reference or changes it.
func runQuick(ctx context.Context, only string, seed uint64, update bool) error {
	data, err := datasets.OpenContext(ctx, "fashion-mnist", datasets.Options{})
	if err != nil {
		return err
	}
	b := newQuick(data)
	b.seed = seed
	if b.only, err = regexp.Compile(only); err != nil {
		return err
	}
	torch, err := parseFigures(peer)
	if err != nil {
		return fmt.Errorf("peer.csv: %w", err)
	}
	now, err := b.measure(ctx)
	if err != nil {
		return err
	}
	fmt.Print(b.table(now, torch))
	text, err := os.ReadFile(referenceFile)
	if err != nil {
		return err
	}
	before, err := parseFigures(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", referenceFile, err)
	}
	if update {
		maps.Copy(before, now)
		return errors.Join(
			os.WriteFile(referenceFile, []byte(before.String()), 0o644),
			os.WriteFile(pageFile, []byte(b.page(before, torch)), 0o644))
	}
	if names := fallen(now, before); len(names) > 0 {
		return fmt.Errorf("worse than the reference:\n  %s", strings.Join(names, "\n  "))
	}
	return nil
}
