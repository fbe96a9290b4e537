package train

import (
	"cmp"
	"math"

	"petrify/datasets"
	"petrify/internal/portable"
)

// Distillation lets the QAT stage learn from the float network, its teacher, as
// well as from the labels. The zero value is off. With logits y of the student
// and z of the teacher, α the weight and T the temperature, the loss of an
// image is
//
//	L = (1 − α)·H + α·T²·Σₖ pₖ·log(pₖ/qₖ)        p = softmax(z/T)   q = softmax(y/T)
//	∂L/∂y = (1 − α)·∂H/∂y + α·T·(q − p)
//
// where H is the loss against the label. The factor T² keeps the two
// parts of the gradient in proportion when T changes. Of several labels, p and
// q are each label's own probabilities, of masks each pixel's, also where it has no
// class, and the divergences' mean is taken; in a regression the second part is the loss against z in place of the targets,
// and there is no temperature.
//
// Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural
// Network", 2015, section 2. The divergence differs from the paper's
// cross-entropy by a constant, so that 0 means equal to the teacher.
type Distillation struct {
	Weight      float64 // α, 0 to 1
	Temperature float64 // T; 0 means 4
}

func (d Distillation) resolve(t Task) Distillation {
	if d.Weight > 0 && d.Temperature == 0 && t != Regression {
		d.Temperature = 4
	}
	return d
}

func (d Distillation) faults(f *Faults, path string) {
	f.check(d.Weight >= 0 && d.Weight <= 1, path+".weight", "%v: want 0 to 1", d.Weight)
	f.check(d.Temperature >= 0 && d.Temperature <= 1000, path+".temperature",
		"%v: want more than 0 and at most 1000, or 0 for 4", d.Temperature)
	f.check(d.Weight > 0 || d.Temperature == 0, path+".temperature", "%v has no effect without a weight", d.Temperature)
}

// objective computes the loss of batches: of the outputs against what the samples are
// matched with, by one of the losses of [Objective], and in a stage also smoothing,
//
//	t = (1 − ε)·onehot + ε/K        H = −Σₖ tₖ·log softmax(y)ₖ        ∂H/∂y = softmax(y) − t
//
// and distillation.
//
// Source of the smoothing: C. Szegedy et al., "Rethinking the Inception
// Architecture for Computer Vision", CVPR 2016, section 7.
type objective struct {
	Objective
	smoothing float64 // ε
	Distillation
	units      []float64 // of the targets
	targets    []float32 // of the batch, N × T
	classes    int       // of a pixel; 0: samples have one class, or targets
	teacher    []float32 // the teacher's outputs for the batch, N × K
	soft, hard []float64 // K
	pixel      pixel
}

// take sets the batch whose loss is computed next.
func (o *objective) take(b datasets.Batch) {
	if o.targets = nil; len(b.Targets) > 0 {
		o.targets = b.Targets
	}
}

// loss implements [graph.LossFunc].
func (o *objective) loss(dy, y []float32, labels []int32) (loss float64, correct int) {
	outputs, all := len(y)/len(labels), 0.0
	for n, label := range labels {
		all += o.weight(o.truth(n, len(labels), label))
	}
	probabilities := cmp.Or(o.classes, outputs)
	o.soft, o.hard = resized(o.soft, probabilities), resized(o.hard, probabilities)
	clear(dy)
	for n, label := range labels {
		is := o.truth(n, len(labels), label)
		weight := o.weight(is)
		if weight == 0 {
			continue
		}
		row := n * outputs
		y, share := y[row:row+outputs], weight/all
		loss += float64(share * o.sample(dy[row:row+outputs], y, is, row, share))
		if o.targets == nil && greatest(y) == int(label) {
			correct++
		}
	}
	return loss, correct
}

// weight is what a sample counts.
func (o *objective) weight(is truth) float64 {
	switch {
	case is.label < 0:
		return 0
	case o.classes > 0:
		return o.weightOfPixels(is.targets)
	}
	return o.classWeight(is.label)
}

// classWeight is w.
func (o *objective) classWeight(class int) float64 {
	if o.ClassWeights == nil {
		return 1
	}
	return float64(o.ClassWeights[class])
}

// truth is what sample n of a batch is matched with.
func (o *objective) truth(n, batch int, label int32) truth {
	t := len(o.targets) / batch
	return truth{int(label), o.targets[n*t : (n+1)*t]}
}

// sample is the loss of one sample; its gradient, times share, is added to dy.
func (o *objective) sample(dy, y []float32, is truth, row int, share float64) (loss float64) {
	l, α := lossTable[o.Loss], o.Weight
	if α < 1 {
		loss = (1 - α) * l.of(o, dy, y, is, (1-α)*share)
	}
	if α == 0 {
		return loss
	}
	z := o.teacher[row : row+len(y)]
	if l.teach == nil {
		return loss + float64(α*l.of(o, dy, y, truth{targets: z}, α*share))
	}
	return loss + float64(α*l.teach(o, dy, y, z, α*share))
}

// crossEntropy is H.
func (o *objective) crossEntropy(dy, y []float32, is truth, share float64) (loss float64) {
	logZ := softmax(o.hard, y, 1)
	for k, q := range o.hard {
		t := o.smoothing / float64(len(y))
		if k == is.label {
			t += 1 - o.smoothing
		}
		loss -= float64(t * (float64(y[k]) - logZ))
		dy[k] += float32(share * (q - t))
	}
	return loss
}

// focal has, with g = (1 − p)^γ, the slope (γ·g/(1 − p)·p·log p − g)·(onehot − softmax(y)).
func (o *objective) focal(dy, y []float32, is truth, share float64) float64 {
	logP := float64(y[is.label]) - softmax(o.hard, y, 1)
	p := o.hard[is.label]
	g := portable.Pow(1-p, o.Gamma)
	slope := -g
	if p < 1 {
		slope += float64(o.Gamma * g / (1 - p) * p * logP)
	}
	for k, q := range o.hard {
		if k == is.label {
			q--
		}
		dy[k] -= float32(share * slope * q)
	}
	return -g * logP
}

// distil is T² times the divergence from the teacher z.
func (o *objective) distil(dy, y, z []float32, share float64) (loss float64) {
	T := o.Temperature
	logZ := softmax(o.hard, y, T)
	logP := softmax(o.soft, z, T)
	for k, p := range o.soft {
		loss += float64(p * ((float64(z[k])/T - logP) - (float64(y[k])/T - logZ)))
		dy[k] += float32(share * T * (o.hard[k] - p))
	}
	return T * T * loss
}

// greatest is the place of the greatest output, the first of several.
func greatest(y []float32) (at int) {
	for k, v := range y {
		if v > y[at] {
			at = k
		}
	}
	return at
}

// softmax writes softmax(y/T) to p and returns log Σ exp(y/T).
func softmax(p []float64, y []float32, T float64) float64 {
	top := math.Inf(-1)
	for _, v := range y {
		top = max(top, float64(v)/T)
	}
	var sum float64
	for k, v := range y {
		p[k] = portable.Exp(float64(v)/T - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return top + portable.Log(sum)
}

// resized is x, or a new slice if x does not have n elements.
func resized(x []float64, n int) []float64 {
	if len(x) == n {
		return x
	}
	return make([]float64, n)
}
