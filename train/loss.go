package train

import (
	"fmt"
	"math"
	"slices"

	"petrify/datasets"
	"petrify/internal/portable"
)

// LossKind names a loss.
type LossKind uint8

// The losses; AnyLoss is the task's first.
const (
	AnyLoss LossKind = iota
	SoftmaxCrossEntropy
	Focal
	BinaryCrossEntropy
	Squared
	Absolute
	Huber
	PixelCrossEntropy
	Dice
	PixelCrossEntropyDice
)

// sampleLoss computes the loss of one sample's outputs y and adds share times its
// gradient to dy.
type sampleLoss func(o *objective, dy, y []float32, is truth, share float64) float64

// truth is what a sample is matched with.
type truth struct {
	label   int
	targets []float32
}

// losses is their table. teach is the loss against a teacher's outputs z, where that is
// another one than of, with z as targets.
var lossTable = [...]struct {
	name  string
	of    sampleLoss
	teach func(o *objective, dy, y, z []float32, share float64) float64
}{
	AnyLoss:             {name: "any"},
	SoftmaxCrossEntropy: {"cross_entropy", (*objective).crossEntropy, (*objective).distil},
	Focal:               {"focal", (*objective).focal, (*objective).distil},
	BinaryCrossEntropy:  {"binary_cross_entropy", (*objective).binaryCrossEntropy, (*objective).distilLabels},
	Squared:             {"squared", (*objective).errors, nil},
	Absolute:            {"absolute", (*objective).errors, nil},
	Huber:               {"huber", (*objective).errors, nil},
	PixelCrossEntropy:   {"pixel_cross_entropy", (*objective).pixelCrossEntropy, (*objective).distilPixels},
	Dice:                {"dice", (*objective).dice, (*objective).distilPixels},
	PixelCrossEntropyDice: {"pixel_cross_entropy_dice", (*objective).pixelCrossEntropyDice,
		(*objective).distilPixels},
}

func lossNames() (names []string) {
	for _, l := range lossTable {
		names = append(names, l.name)
	}
	return names
}

// String is the loss's name in a configuration.
func (l LossKind) String() string {
	if int(l) < len(lossTable) {
		return lossTable[l].name
	}
	return fmt.Sprintf("LossKind(%d)", uint8(l))
}

// MarshalText writes [LossKind.String].
func (l LossKind) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what String writes.
func (l *LossKind) UnmarshalText(text []byte) error {
	i, err := index(lossNames()[1:], string(text))
	*l = LossKind(i + 1)
	return err
}

// Objective says what training minimises. With outputs y of a sample, p their softmax
// and c its class, or t its targets and e = (y − t)/u the errors in units u of each
// target's spread, the losses are
//
//	cross_entropy           w[c]·(−log p[c])
//	focal                   w[c]·(−(1 − p[c])^γ·log p[c])
//	binary_cross_entropy    mean over the labels of log(1 + exp y) − t·y
//	squared                 mean over the targets of e²
//	absolute                mean over the targets of |e|
//	huber                   mean over the targets of e²/2 if |e| ≤ δ, and else δ·(|e| − δ/2)
//
// With p the softmax of the outputs of each pixel, c its class, and t 1 for that and 0 for the
// others, they are, for an image,
//
//	pixel_cross_entropy     mean over the pixels of −log p[c], weighted by w[c]
//	dice                    1 − mean over the classes k in its mask of 2·Σ pₖ·tₖ / (Σ pₖ² + Σ tₖ²)
//	pixel_cross_entropy_dice  the sum of both
//
// where sums and means leave out pixels that have no class. The loss of a batch is the mean
// over its samples, weighted by w, or by the sum of w over the pixels that have a class. u is a power of
// two, so that dividing by it rounds nothing. Evaluation leaves out w, γ and smoothing.
//
// Sources: F. Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric
// Medical Image Segmentation", 3DV 2016, section 3, for one class; T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017,
// equation 4; P. Huber, "Robust Estimation of a Location Parameter", Annals of
// Mathematical Statistics 35, 1964.
type Objective struct {
	Loss         LossKind
	Delta        float64   // huber: δ; 0 means 1
	Gamma        float64   // focal: γ; 0 means 2
	ClassWeights []float32 // w; nil: all 1
}

func (o Objective) resolve() Objective {
	if o.Loss == Huber && o.Delta == 0 {
		o.Delta = 1
	}
	if o.Loss == Focal && o.Gamma == 0 {
		o.Gamma = 2
	}
	return o
}

// plain reports whether it is the network's own loss, which has a faster kernel.
func (o Objective) plain() bool { return o.Loss == SoftmaxCrossEntropy && o.ClassWeights == nil }

// objectiveFaults checks the objective against the task, which is known.
func (c Config) objectiveFaults(f *Faults) {
	o, of := c.Objective, tasks[c.Task].losses
	if !slices.Contains(of, o.Loss) {
		f.add("objective.loss", "%v is no loss of the task %v: want one of %v", o.Loss, c.Task, of)
	}
	f.check(o.Delta >= 0 && o.Delta < 1e6, "objective.delta", "%v: want more than 0, or 0 for 1", o.Delta)
	f.check(o.Delta == 0 || o.Loss == Huber, "objective.delta", "%v has no effect on the loss %v: want huber", o.Delta,
		o.Loss)
	f.check(o.Gamma >= 0 && o.Gamma < 100, "objective.gamma", "%v: want more than 0, or 0 for 2", o.Gamma)
	f.check(o.Gamma == 0 || o.Loss == Focal, "objective.gamma", "%v has no effect on the loss %v: want focal", o.Gamma,
		o.Loss)
	if o.ClassWeights == nil {
		return
	}
	f.check(c.Task == Classification || c.Task == Pixels, "objective.class_weights",
		"have no effect on the task %v: want classification or pixels", c.Task)
	f.check(o.Loss != Dice, "objective.class_weights", "have no effect on the loss dice")
	classes := len(c.Data.Classes)
	if c.Task == Pixels {
		classes = len(c.Data.Targets)
	}
	f.check(len(o.ClassWeights) == classes, "objective.class_weights", "%d numbers for the %d classes of %s",
		len(o.ClassWeights), classes, c.Data.Name)
	for _, w := range o.ClassWeights {
		f.check(w > 0 && w < 1e6, "objective.class_weights", "%v: want more than 0", w)
	}
}

// errors is the loss of a regression.
func (o *objective) errors(dy, y []float32, is truth, share float64) (loss float64) {
	n := float64(len(y))
	for k, t := range is.targets {
		u := o.units[k]
		e := (float64(y[k]) - float64(t)) / u
		l, slope := o.of(e)
		loss += l / n
		dy[k] += float32(share * slope / u / n)
	}
	return loss
}

// of is the loss of an error, and its slope.
func (o Objective) of(e float64) (loss, slope float64) {
	size := math.Abs(e)
	switch {
	case o.Loss == Squared:
		return e * e, 2 * e
	case o.Loss == Huber && size <= o.Delta:
		return e * e / 2, e
	case o.Loss == Huber:
		return o.Delta * (size - float64(o.Delta/2)), math.Copysign(o.Delta, e)
	case e == 0:
		return 0, 0
	}
	return size, math.Copysign(1, e)
}

// binaryCrossEntropy smooths labels t to t·(1 − ε) + ε/2.
func (o *objective) binaryCrossEntropy(dy, y []float32, is truth, share float64) (loss float64) {
	for k, t := range is.targets {
		loss += bernoulli(dy, y, k, float64(float64(t)*(1-o.smoothing))+float64(o.smoothing/2), 1, share)
	}
	return loss
}

// distilLabels is T² times the divergence of the labels' probabilities σ(y/T) from a
// teacher's, without the constant entropy of the latter.
func (o *objective) distilLabels(dy, y, z []float32, share float64) (loss float64) {
	T := o.Temperature
	for k := range y {
		p := 1 / (1 + portable.Exp(-float64(z[k])/T))
		entropy := float64(0)
		for _, q := range []float64{p, 1 - p} {
			if q > 0 {
				entropy -= float64(q * portable.Log(q))
			}
		}
		loss += float64(T*T*bernoulli(dy, y, k, p, T, share*T*T)) - float64(T*T*entropy)/float64(len(y))
	}
	return loss
}

// bernoulli is the cross-entropy of the probability t with σ(y/T), as a part of the mean
// over the labels.
func bernoulli(dy, y []float32, k int, t, T, share float64) float64 {
	n, v := float64(len(y)), float64(y[k])/T
	p := 1 / (1 + portable.Exp(-v))
	dy[k] += float32(share * (p - t) / T / n)
	return (max(v, 0) + portable.Log1p(portable.Exp(-math.Abs(v))) - float64(t*v)) / n
}

// unitsOf are powers of two near the targets' standard deviations in training; of
// targets that are constant there, 1.
func unitsOf(s *datasets.Set) (units []float64) {
	for _, t := range s.Account.Targets {
		u := 1.0
		if t.Std > 0 && s.Target == datasets.NumberTargets {
			u = math.Ldexp(1, int(math.Round(portable.Log(t.Std)/math.Ln2)))
		}
		units = append(units, u)
	}
	return units
}
