// Accuracy trains the built-in cnn on Fashion-MNIST at 8, 4, 3 and 2 bits and
// writes the table of docs/accuracy.md:
//
//	go run -buildvcs=true ./examples/accuracy -seeds 3 -o docs/accuracy.md
//
// Each seed trains one float network for 9 epochs; every row quantizes it and
// trains it on for 5 epochs. PyTorch's column is what torch_side.py made of the
// same float networks.
//
// With -quick it measures five networks briefly instead, as [quick] says, and fails
// if an accuracy has fallen.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"time"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/train"
)

// smoothing of the labels, in float and, except for one row, in QAT.
const smoothing = 0.1

// row is one way to quantize the network.
type row struct {
	name      string
	method    string
	q         graph.Quantization
	rate      float64 // learning rate of QAT
	smoothing float64 // in QAT
}

// rows are the table's: learned scales with the edges of the network at 8
// bits, as the literature has it, and plain min-max ranges on everything. The
// last two say what hurts there with 2 bits.
func rows() []row {
	rows := []row{{"W8A8", "min-max", graph.Uniform(fakequant.Int8()), 5e-5, smoothing}}
	for _, bits := range []int{4, 3, 2} {
		s := fakequant.Bits(bits)
		for _, c := range []*fakequant.Config{&s.Weights, &s.Activations} {
			c.Method = fakequant.LSQ
			c.Observer = observers.Config{Kind: observers.MeanAbs}
		}
		s.Weights.Format.Narrow = false // at 2 bits the fourth value is worth 0.3 points
		q := graph.Uniform(s)
		q.EdgeBits = 8
		rows = append(rows, row{fmt.Sprintf("W%dA%d, edges 8", bits, bits), "LSQ", q, 1e-3, smoothing})
	}
	for _, bits := range []int{4, 3, 2} {
		s := fakequant.Bits(bits)
		s.Weights.Format.Narrow, s.Weights.Dialect = false, affine.Torch
		s.Activations.Scheme = affine.Affine
		rows = append(rows, row{fmt.Sprintf("W%dA%d throughout", bits, bits), "min-max", graph.Uniform(s), 1e-3,
			smoothing})
	}
	plain, float := rows[len(rows)-1], rows[len(rows)-1]
	plain.name, plain.smoothing = "W2A2, labels as they are", 0
	float.name, float.q.FloatOutput = "W2A2, float logits", true
	return append(rows, plain, float)
}

func main() {
	log.SetFlags(0)
	seeds := flag.Int("seeds", 3, "number of seeds, from 1")
	out := flag.String("o", "", "file for the table; standard output if empty")
	keep := flag.String("runs", "runs/accuracy", "folder where finished runs are kept for the next time")
	short := flag.Bool("quick", false, "measure five networks briefly, and compare with the reference")
	only := flag.String("only", "", "with -quick: a regular expression for the cells, such as 'resnet8 W2A2 QAT'")
	seed := flag.Uint64("seed", 1, "with -quick: the seed")
	update := flag.Bool("update", false, "with -quick: write the reference and its page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := func() error {
		if *short {
			return runQuick(ctx, *only, *seed, *update)
		}
		return run(ctx, *seeds, *out, *keep)
	}()
	if err != nil {
		log.Fatal("accuracy: ", err)
	}
}

func run(ctx context.Context, seeds int, out, keep string) error {
	data, err := datasets.OpenContext(ctx, "fashion-mnist", datasets.Options{})
	if err != nil {
		return err
	}
	t, err := study{data: data, rows: rows(), float: 9, qat: 5, batch: 128, keep: keep}.table(ctx, seeds)
	if err != nil {
		return err
	}
	if out == "" {
		_, err = os.Stdout.WriteString(t.markdown())
		return err
	}
	return os.WriteFile(out, []byte(t.markdown()), 0o644)
}

// study is what is measured: the built-in cnn on some data.
type study struct {
	data       *datasets.Set
	rows       []row
	float, qat int // epochs
	batch      int
	keep       string // folder of the runs
}

// table fills in the table.
func (s study) table(ctx context.Context, seeds int) (*table, error) {
	t, err := newTable(s.rows)
	if err != nil {
		return nil, err
	}
	for seed := 1; seed <= seeds; seed++ {
		if err := s.seed(ctx, t, seed); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// seed fills in one column. A run that has finished before is read, not
// repeated.
func (s study) seed(ctx context.Context, t *table, seed int) error {
	network, err := graph.Builtin("cnn", len(s.data.Classes))
	if err != nil {
		return err
	}
	dir := filepath.Join(s.keep, fmt.Sprintf("seed%d", seed))
	c := train.Config{Network: network, Data: s.data, Seed: uint64(seed), Batch: s.batch, Out: dir, Resume: true,
		Float: train.Stage{Epochs: s.float, LearningRate: 2e-3, Smoothing: smoothing}}
	c.Quantization = s.rows[0].q
	float, err := train.Run(ctx, c)
	if err != nil {
		return err
	}
	t.float = append(t.float, float.Float.Accuracy)
	log.Printf("seed %d: float %.2f %%", seed, 100*float.Float.Accuracy)
	c.Float = train.Stage{}
	if c.Weights, err = train.ReadWeights(filepath.Join(dir, "float.safetensors")); err != nil {
		return err
	}
	for i, r := range s.rows {
		c.Out, c.Quantization = filepath.Join(dir, r.name), r.q
		c.QAT = train.Stage{Epochs: s.qat, LearningRate: r.rate, Smoothing: r.smoothing}
		result, err := train.Run(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		t.ptq[i] = append(t.ptq[i], result.PTQ.Accuracy)
		t.qat[i] = append(t.qat[i], result.QAT.Accuracy)
		log.Printf("seed %d: %s, %s: PTQ %.2f %%, QAT %.2f %%", seed, r.name, r.method, 100*result.PTQ.Accuracy,
			100*result.QAT.Accuracy)
	}
	return nil
}

// revision is the commit that the program was built from.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}

// today is the table's date.
func today() string { return time.Now().Format(time.DateOnly) }
