package main

import (
	"fmt"
	"strconv"
)

// programs are the commands of the sides.
type programs struct {
	self, ort, blas, torch string
	models                 string // a folder for ONNX files
}

// contests is the table: to add a row, add its sides here.
func (p programs) contests() ([]contest, error) {
	var list []contest
	for _, threads := range []int{1, 2} {
		list = append(list, p.training(128, threads), p.qat("mlp", 32, threads, 6, 10),
			p.qat("resnet8", 64, threads, 4, 6), p.qat("ds-cnn", 64, threads, 4, 6),
			p.qat("mobilenet-v1-0.25", 32, threads, 4, 6))
	}
	for _, n := range []int{256, 512, 1024} {
		list = append(list, p.sgemm(n))
	}
	for _, i := range []inference{
		{"resnet8", 1, 1, 3, 4}, {"ds-cnn", 1, 1, 3, 4}, {"mobilenet-v1-0.25", 1, 1, 3, 4}, {"cnn", 64, 2, 1, 1.5},
	} {
		c, err := p.inference(i)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return append(list, p.integers(), p.epochs(), p.memory(), p.images(), p.batches(), p.channels()), nil
}

func (p programs) goSide(title string, threads int, args ...string) side {
	return side{title: title, command: append([]string{p.self, "side"}, args...), threads: threads}
}

func (p programs) torchSide(title string, threads int, args ...string) side {
	return side{title: title, command: append([]string{"/usr/bin/python3", p.torch}, args...), threads: threads}
}

// sgemm has both libraries as they are, and both with AVX2: OpenBLAS takes that
// path on processors that it does not know.
func (p programs) sgemm(n int) contest {
	size := strconv.Itoa(n)
	ours := p.goSide("petrify", 1, "sgemm", size)
	peer := side{title: "OpenBLAS", command: []string{p.blas, "sgemm", size}, threads: 1}
	ours2, peer2 := ours, peer
	ours2.path, peer2.path = []string{"PETRIFY_KERNEL=avx2"}, []string{"OPENBLAS_CORETYPE=Haswell"}
	measure, quantity := fmt.Sprintf("SGEMM %d³, one thread", n), rate("GFLOP/s", 1e9, 1)
	return contest{
		name:  "sgemm-" + size,
		sides: []side{ours, peer, ours2, peer2},
		rows: []row{
			{measure: measure, quantity: quantity, ours: 0, peer: 1, reach: 1.02, dream: 1.08},
			{measure: measure + ", both with AVX2", quantity: quantity, ours: 2, peer: 3, reach: 1, dream: 1.05},
			{measure: measure + ", OpenBLAS with AVX2", quantity: quantity, ours: 0, peer: 3},
		},
	}
}

// training is cnn, trained in all possible ways.
func (p programs) training(batch, threads int) contest {
	size := strconv.Itoa(batch)
	images, step := rate("images/s", 1, threads), milliseconds("ms a step", float64(batch), threads)
	what := fmt.Sprintf("`cnn` %%s training step, batch %d, %s", batch, counted(threads))
	return contest{
		name: fmt.Sprintf("train-cnn-%d", threads),
		sides: []side{
			p.goSide("petrify", threads, "float", "cnn", size),
			p.goSide("petrify QAT", threads, "qat", "cnn", size),
			p.torchSide("PyTorch", threads, "float", "cnn", size),
			p.torchSide("PyTorch QAT", threads, "qat", "cnn", size),
			p.torchSide("PyTorch QAT per channel", threads, "qat-per-channel", "cnn", size),
			p.goSide("Gorgonia", threads, "gorgonia", size),
		},
		rows: []row{
			{measure: fmt.Sprintf(what, "float"), quantity: images, ours: 0, peer: 2, reach: 5, dream: 8},
			{measure: fmt.Sprintf(what, "QAT"), quantity: images, ours: 1, peer: 3, reach: 10, dream: 14},
			{measure: fmt.Sprintf(what, "QAT"), quantity: images, ours: 1, peer: 4, reach: 10, dream: 14},
			{measure: fmt.Sprintf(what, "float"), quantity: images, ours: 0, peer: 5, reach: 10, dream: 20},
			{measure: "QAT step / float step, " + counted(threads), quantity: step, ours: 1, peer: 0, reach: 0.95,
				dream: 0.8},
			{measure: "the same of PyTorch, " + counted(threads), quantity: step, ours: 3, peer: 2},
		},
	}
}

// counted is "one thread" or "2 threads".
func counted(threads int) string {
	if threads == 1 {
		return "one thread"
	}
	return fmt.Sprintf("%d threads", threads)
}

// qat is a QAT step against PyTorch's.
func (p programs) qat(network string, batch, threads int, reach, dream float64) contest {
	size := strconv.Itoa(batch)
	return contest{
		name: fmt.Sprintf("train-%s-%d", network, threads),
		sides: []side{
			p.goSide("petrify QAT", threads, "qat", network, size),
			p.torchSide("PyTorch QAT", threads, "qat", network, size),
		},
		rows: []row{{
			measure:  fmt.Sprintf("`%s` QAT training step, batch %d, %s", network, batch, counted(threads)),
			quantity: rate("images/s", 1, threads), ours: 0, peer: 1, reach: reach, dream: dream,
		}},
	}
}

type inference struct {
	network        string
	batch, threads int
	reach, dream   float64
}

func (p programs) inference(i inference) (contest, error) {
	file, err := export(p.models, i.network, i.batch)
	if err != nil {
		return contest{}, err
	}
	batch, threads := strconv.Itoa(i.batch), strconv.Itoa(i.threads)
	return contest{
		name: "infer-" + i.network,
		sides: []side{
			p.goSide("petrify", i.threads, "infer", i.network, batch),
			{title: "ONNX Runtime", command: []string{p.ort, file, batch, threads}, threads: i.threads},
		},
		rows: []row{{
			measure:  fmt.Sprintf("`%s` with integers, batch %d, %s", i.network, i.batch, counted(i.threads)),
			quantity: rate("images/s", 1, i.threads), ours: 0, peer: 1, reach: i.reach, dream: i.dream,
		}},
	}, nil
}

// integers is the engine without VNNI's instructions against float32 numbers.
func (p programs) integers() contest {
	const network, batch = "resnet8", "64"
	ours, peer := p.goSide("integers", 1, "infer", network, batch), p.goSide("float32", 1, "evaluate", network, batch)
	ours.path, peer.path = []string{"PETRIFY_KERNEL=avx2"}, []string{"PETRIFY_KERNEL=avx2"}
	return contest{
		name:  "integers-" + network,
		sides: []side{ours, peer},
		rows: []row{{
			measure:  fmt.Sprintf("`%s` with integers against float32, batch %s, both with AVX2, one thread", network, batch),
			quantity: rate("images/s", 1, 1), ours: 0, peer: 1, reach: 2, dream: 2.5,
		}},
	}
}

// epochs is a whole run on the embedded digits against the steps of which it consists.
func (p programs) epochs() contest {
	const epochs, batch, threads = "200", "32", 2
	return contest{
		name: "epochs",
		sides: []side{
			p.goSide("run", threads, "epochs", "mlp", epochs, batch),
			p.goSide("steps", threads, "qat", "mlp", batch),
		},
		rows: []row{{
			measure:  fmt.Sprintf("a QAT run of `mlp` on the digits, %s epochs, against its steps alone, batch %s", epochs, batch),
			quantity: milliseconds("ms a step", 32, threads), ours: 0, peer: 1, reach: 1.15, dream: 1.05,
		}},
	}
}

func (p programs) memory() contest {
	return contest{
		name: "memory",
		sides: []side{
			p.goSide("petrify QAT", 2, "fashion-mnist"),
			p.torchSide("PyTorch QAT", 2, "fashion-mnist"),
		},
		rows: []row{{measure: "peak memory of an epoch of `cnn` QAT on Fashion-MNIST, batch 128", quantity: peak,
			ours: 0, peer: 1, reach: 0.25, dream: 0.2}},
		rounds: 2,
		fresh:  true,
	}
}

// The growth tables are petrify against itself, at four sizes, with one thread.

func (p programs) images() contest {
	c := contest{name: "growth-images", growth: &growth{measure: "a whole `train.Run` of `cnn` against its images",
		size: "images"}, rounds: 5}
	for _, n := range []int{1024, 2048, 4096, 8192} {
		c.sides = append(c.sides, p.goSide(strconv.Itoa(n), 1, "run", strconv.Itoa(n)))
		c.growth.add(float64(n), milliseconds("ms a run", 1, 1))
	}
	return c
}

func (p programs) batches() contest {
	c := contest{name: "growth-batch", growth: &growth{measure: "a QAT training step of `cnn` against its batch",
		size: "batch"}}
	for _, n := range []int{32, 64, 128, 256} {
		c.sides = append(c.sides, p.goSide(strconv.Itoa(n), 1, "qat", "cnn", strconv.Itoa(n)))
		c.growth.add(float64(n), milliseconds("ms a step", float64(n), 1))
	}
	return c
}

func (p programs) channels() contest {
	const batch = 32
	c := contest{name: "growth-channels",
		growth: &growth{measure: "a QAT training step of three convolutions 3×3 on 14×14 against channels²",
			size: "channels²"}}
	for _, n := range []int{64, 96, 128, 192} {
		c.sides = append(c.sides, p.goSide(strconv.Itoa(n), 1, "qat", "wide-"+strconv.Itoa(n), strconv.Itoa(batch)))
		c.growth.add(float64(n*n), milliseconds("ms a step", batch, 1))
	}
	return c
}
