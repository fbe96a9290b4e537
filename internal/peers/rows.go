package main

import (
	"context"
	"fmt"
)

// rows is the table. Training rows are images in a second, with batch assembly
// and the optimizer; the peer gets its batch for nothing.
func rows(p *python) []row {
	var list []row
	for _, n := range []int{256, 512, 1024} {
		list = append(list, row{
			Name: fmt.Sprintf("SGEMM %d³, one thread", n), Unit: "GFLOP/s", Peer: "OpenBLAS", Goal: 1.3, Stretch: 1.8,
			ours: func(context.Context) (float64, error) { return sgemm(n), nil },
			peer: p.ask("sgemm %d", n),
		})
	}
	cnn, mlp := job{network: "cnn", shape: [3]int{1, 28, 28}, classes: 10, batch: 128, steps: 40}, job{network: "mlp", shape: [3]int{1, 8, 8}, classes: 10, batch: 32, steps: 400}
	resnet, ds := job{network: "resnet8", shape: [3]int{3, 32, 32}, classes: 10, batch: 64, steps: 15}, job{network: "ds-cnn", shape: [3]int{1, 49, 10}, classes: 12, batch: 64, steps: 15}
	list = append(list,
		p.training("cnn float step, batch 128, 2 threads", cnn, 3, 5),
		p.training("cnn QAT step, batch 128, 2 threads", cnn.quantized(), 4, 8),
		p.training("mlp on digits QAT step, batch 32", mlp.quantized(), 2.5, 5),
		p.training("resnet8 QAT step, batch 64, 2 threads", resnet.quantized(), 2, 4),
		p.training("ds-cnn QAT step, batch 64, 2 threads", ds.quantized(), 2, 4),
		row{
			Name: "cnn QAT step / float step", Unit: "times as long", Peer: "petrify's float step", Goal: 1.15, Stretch: 1, Less: true,
			// A ratio of times is the inverse ratio of rates.
			ours: inverse(cnn.quantized().run), peer: inverse(cnn.run),
		},
		row{
			Name: "cnn float step against stock operators", Unit: "images/s", Peer: "Gorgonia", Goal: 10, Stretch: 20,
			ours: cnn.run, peer: stockStep(cnn.batch),
		},
		row{
			Name: "observer and fake-quant over 16 MiB, one thread", Unit: "GB/s", Peer: "a copy of the same bytes", Goal: 0.6, Stretch: 0.9,
			ours: func(context.Context) (float64, error) { return fakeQuant(), nil },
			peer: func(context.Context) (float64, error) { return memoryCopy(), nil },
		},
		row{
			Name: "peak memory of cnn QAT on 60,000 images", Unit: "MiB", Peer: "PyTorch", Goal: 0.4, Stretch: 0.25, Less: true, Once: true,
			ours: ownMemory, peer: pythonMemory,
		})
	return list
}

// training is a row of training steps against PyTorch.
func (p *python) training(name string, j job, goal, stretch float64) row {
	return row{
		Name: name, Unit: "images/s", Peer: "PyTorch", Goal: goal, Stretch: stretch,
		ours: j.run, peer: p.ask("train %s %d %t %d", j.network, j.batch, j.qat, j.steps),
	}
}

func inverse(f func(context.Context) (float64, error)) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		rate, err := f(ctx)
		return 1e6 / rate, err
	}
}
