package train

import (
	"context"
	"errors"
	"fmt"

	"petrify/graph"
)

// Repair says how PTQ makes up for what rounding costs; package repair has the
// equations. The zero value chooses by bits: all that is cheap where something has
// fewer than 8 bits, if it lowers the loss on the calibration's images.
type Repair struct {
	Equalization   bool    // the weights on both sides of a channel get the same range
	SmoothQuant    float64 // moves ranges of activations into weights; the paper's α, above 0 and at most 1; 0: no
	BiasAbsorption bool    // the next layer's bias takes what a ReLU's outputs exceed 0 by
	BiasCorrection Choice  // the mean error of each channel becomes 0
	GPTQ           Choice  // the integers of a channel's weights are chosen together
	AdaRound       bool    // the integers are searched for
	BRECQ          bool    // so are they, and then those of a block of layers together
	Iterations     int     // of the latter two; 0 means 1000
	Damping        float64 // of all three: the share of the mean square that is added to inputs' squares; 0 means 0.1

	// Keep lets a QAT stage begin from the repaired network, with batch norm at rest
	// from the first step, instead of from the float one.
	Keep bool
}

// Choice is whether something is done.
type Choice uint8

// The choices.
const (
	ByBits Choice = iota // the program chooses
	Yes
	No
)

// String is "", "true" or "false".
func (c Choice) String() string { return [...]string{"", "true", "false"}[c] }

// searches reports whether integers are searched for.
func (p Repair) searches() bool { return p.AdaRound || p.BRECQ }

func (p Repair) resolve() Repair {
	if p.Damping == 0 && (p.GPTQ != No || p.searches()) {
		p.Damping = 0.1
	}
	if p.Iterations == 0 && p.searches() {
		p.Iterations = 1000
	}
	return p
}

func (p Repair) faults(f *Faults, path string) {
	f.check(p.Damping >= 0 && p.Damping <= 1, path+".damping", "%v: want more than 0 and at most 1, or 0 for 0.1",
		p.Damping)
	f.check(p.Damping == 0 || p.GPTQ != No || p.searches(), path+".damping",
		"%v has no effect without gptq, adaround or brecq", p.Damping)
	f.check(p.SmoothQuant >= 0 && p.SmoothQuant <= 1, path+".smoothquant",
		"%v: want more than 0 and at most 1, or 0 for none", p.SmoothQuant)
	f.check(p.SmoothQuant == 0 || !p.Equalization, path+".equalization",
		"true has no effect with smoothquant: each undoes the other; want one of them")
	f.check(p.Iterations >= 0, path+".iterations", "%d: want 1 or more, or 0 for 1000", p.Iterations)
	f.check(p.Iterations == 0 || p.searches(), path+".iterations", "%d has no effect without adaround or brecq",
		p.Iterations)
	f.check(!p.AdaRound || !p.BRECQ, path+".adaround", "true has no effect with brecq, which begins with it: want one "+
		"of them")
}

// keeps reports whether QAT begins from the repaired network.
func (c Config) keeps() bool { return c.PTQ.Keep && !c.untrained() }

// equalize changes the float network before its ranges are observed. What it computes
// stays; so a QAT stage begins from the new weights.
func (r *run) equalize(ctx context.Context) error {
	if r.PTQ.Equalization {
		r.model.Equalize()
	}
	if r.PTQ.SmoothQuant > 0 {
		x, err := r.repairImages(ctx)
		if err == nil {
			err = r.model.Smooth(ctx, r.PTQ.SmoothQuant, x)
		}
		if err != nil {
			return r.unlessInterrupted(ctx, err)
		}
	}
	if r.PTQ.BiasAbsorption {
		r.model.AbsorbBiases()
	}
	return nil
}

// unlessInterrupted is an error, or that of an interrupted run if this is the reason.
func (r *run) unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return r.interrupted(ctx)
	}
	return err
}

// chosen is what is done, and whether a setting asks for it.
func (r *run) chosen() (o graph.Repair, asked bool) {
	byBits := r.fewBits() && !r.untrained()
	is := func(c Choice) bool {
		asked = asked || c == Yes
		return c == Yes || c == ByBits && byBits
	}
	o = graph.Repair{
		BiasCorrection: is(r.PTQ.BiasCorrection), GPTQ: is(r.PTQ.GPTQ),
		AdaRound: r.PTQ.AdaRound, BRECQ: r.PTQ.BRECQ, Iterations: r.PTQ.Iterations, Damping: r.PTQ.Damping,
	}
	o.GPTQ = o.GPTQ && r.model.Chooses()
	return o, asked || r.PTQ.searches()
}

// repair repairs the quantized network from the state before its statistics were
// averaged again: those belong to integers that are rounded to nearest. Unless a
// setting asks for it, the loss on the first training images has to fall.
func (r *run) repair(ctx context.Context, before []graph.State) error {
	o, asked := r.chosen()
	if !o.Active() {
		return nil
	}
	seen := first(r.split, r.Calibration*r.Batch)
	old, err := r.evaluate(ctx, seen)
	if err != nil {
		return err
	}
	unrepaired := clone(r.model.State())
	x, err := r.repairImages(ctx)
	if err == nil {
		err = r.model.Restore(before)
	}
	if err == nil {
		err = r.model.Repair(ctx, o, x)
	}
	if err != nil {
		return r.unlessInterrupted(ctx, err)
	}
	now, err := r.evaluate(ctx, seen)
	if err == nil && !asked && !(now.Loss < old.Loss) {
		err = r.model.Restore(unrepaired)
	}
	return err
}

// repairMemory is how many bytes of activations a repair holds at most, if these are
// of more than one image.
const repairMemory = 256 << 20

// repairCount is the number of images that fit there.
func (r *run) repairCount() int {
	o, _ := r.chosen()
	return min(r.Calibration*r.Batch, max(repairMemory/r.model.RepairMemory(o), 1))
}

// repairImages is the first images of the calibration.
func (r *run) repairImages(ctx context.Context) (x []float32, err error) {
	size := r.input().Size()
	n := r.repairCount()
	for b, err := range r.Data.Batches(r.split, r.order(0)) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, r.interrupted(ctx)
		}
		x = append(x, b.X[:min(b.N, n-len(x)/size)*size]...)
		if len(x) == n*size {
			return x, nil
		}
	}
	return nil, fmt.Errorf("%s gave fewer than %d images", r.Data.Name, n)
}
