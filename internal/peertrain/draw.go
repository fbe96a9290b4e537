package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/train"
)

// plan is everything that is drawn for a case except its numbers, which come
// from seed.
type plan struct {
	randnet.Case
	seed      uint64
	quantized bool
	batch     int
	optimizer train.Optimizer
	rate      float64
	steps     []moment
}

// moment says what one step does.
type moment struct {
	switches map[string]graph.Switches // by layer
	update   bool
}

const trained = 5 // steps that update

// String lists the layers, the settings and the steps.
func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\tbatches of %d, quantized %v, %+v at %v\n", p.Case, p.batch, p.quantized, p.optimizer, p.rate)
	for _, m := range p.steps {
		fmt.Fprintf(&b, "\tupdate %v %+v\n", m.update, m.switches)
	}
	return b.String()
}

// draw draws the n-th network of a seed.
func draw(seed uint64, n int) plan {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	p := plan{seed: rng.Uint64(), quantized: rng.IntN(4) > 0, batch: 4 + rng.IntN(3)}
	p.Network, p.Input = randnet.Network(rng, randnet.Options{Layers: 8})
	if p.quantized {
		p.Quantization = randnet.Quantization(rng, p.Network, p.Input)
		tame(p.Network, p.Quantization)
	}
	p.optimizer, p.rate = optimizer(rng)
	p.steps = course(rng, p.Network)
	return p
}

// optimizer draws one and its learning rate. Adam's ε is large, because
// otherwise gradients that are mere rounding errors, divided by their own size,
// would matter.
func optimizer(rng *rand.Rand) (train.Optimizer, float64) {
	o := train.Optimizer{Method: train.SGD}
	if rng.IntN(2) == 0 {
		o.WeightDecay = rng.Float64() / 10
	}
	if rng.IntN(3) == 0 {
		o.Method, o.Epsilon = train.Method(rng.IntN(2)), 0.1
		return o, 0.002 + 0.01*rng.Float64()
	}
	if rng.IntN(2) == 0 {
		o.Momentum, o.Nesterov = 0.9, rng.IntN(2) == 0
	}
	return o, 0.01 + 0.05*rng.Float64()
}

// course draws what each layer does in each step: sometimes calibration, then
// training, in which observers start and stop, rounding starts and batch norm
// comes to rest at steps of the layer's own.
func course(rng *rand.Rand, n graph.Network) []moment {
	calibration := rng.IntN(3)
	moments := make([]moment, calibration+trained)
	for i := range moments {
		moments[i] = moment{switches: map[string]graph.Switches{}, update: i >= calibration}
	}
	alike, first := rng.IntN(2) == 0, [4]int{}
	for i, l := range n.Layers {
		at := [4]int{rng.IntN(3), rng.IntN(6), rng.IntN(3), rng.IntN(8)}
		if calibration == 0 { // a range must have been observed before it is used
			at[0], at[1] = 0, 1+rng.IntN(5)
		}
		if i == 0 {
			first = at
		}
		if alike {
			at = first
		}
		for k := range moments {
			step := k - calibration
			s := graph.Switches{Observe: true, BatchNormFrozen: at[3]%2 == 0}
			if step >= 0 {
				s = graph.Switches{Observe: step >= at[0] && step < at[1], Quantize: step >= at[2],
					BatchNormFrozen: step >= at[3]}
			}
			moments[k].switches[l.Name] = s
		}
	}
	return moments
}
