package train

import "math"

// Distillation lets the QAT stage learn from the float network, its teacher, as
// well as from the labels. The zero value is off. With logits y of the student
// and z of the teacher, α the weight and T the temperature, the loss of an
// image is
//
//	L = (1 − α)·H + α·T²·Σₖ pₖ·log(pₖ/qₖ)        p = softmax(z/T)   q = softmax(y/T)
//	∂L/∂y = (1 − α)·∂H/∂y + α·T·(q − p)
//
// where H is the cross-entropy with the label. The factor T² keeps the two
// parts of the gradient in proportion when T changes.
//
// Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural
// Network", 2015, section 2. The divergence differs from the paper's
// cross-entropy by a constant, so that 0 means equal to the teacher.
type Distillation struct {
	Weight      float64 // α, 0 to 1
	Temperature float64 // T; 0 means 4
}

func (d Distillation) resolve() Distillation {
	if d.Weight > 0 && d.Temperature == 0 {
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

// objective is what a stage minimises if that is not the plain cross-entropy
// with the labels: the cross-entropy H with smoothed labels
//
//	t = (1 − ε)·onehot + ε/K        H = −Σₖ tₖ·log softmax(y)ₖ        ∂H/∂y = softmax(y) − t
//
// and distillation. The loss is the mean over the images with a label.
//
// Source of the smoothing: C. Szegedy et al., "Rethinking the Inception
// Architecture for Computer Vision", CVPR 2016, section 7.
type objective struct {
	smoothing float64 // ε
	Distillation
	teacher    []float32 // the teacher's logits for the batch, N × K
	soft, hard []float64 // K
}

// loss implements [graph.LossFunc].
func (o *objective) loss(dy, y []float32, labels []int32) (loss float64, correct int) {
	classes, count := len(y)/len(labels), 0
	for _, label := range labels {
		if label >= 0 {
			count++
		}
	}
	o.soft, o.hard = resized(o.soft, classes), resized(o.hard, classes)
	for n, label := range labels {
		row := n * classes
		d := dy[row : row+classes]
		if label < 0 {
			clear(d)
			continue
		}
		l, ok := o.image(d, y[row:row+classes], row, int(label), 1/float64(count))
		loss += l / float64(count)
		if ok {
			correct++
		}
	}
	return loss, correct
}

// image is the loss of one image; its gradient, times share, goes to dy.
func (o *objective) image(dy, y []float32, row, label int, share float64) (loss float64, correct bool) {
	classes := len(y)
	α := o.Weight
	logZ := softmax(o.hard, y, 1)
	first := 0 // of the greatest
	for k, q := range o.hard {
		t := o.smoothing / float64(classes)
		if k == label {
			t += 1 - o.smoothing
		}
		loss -= (1 - α) * t * (float64(y[k]) - logZ)
		dy[k] = float32(share * (1 - α) * (q - t))
		if y[k] > y[first] {
			first = k
		}
	}
	if α > 0 {
		loss += α * o.distil(dy, y, o.teacher[row:row+classes], share)
	}
	return loss, first == label
}

// distil adds the gradient of the divergence from the teacher to dy, and
// returns T² times the divergence.
func (o *objective) distil(dy, y, teacher []float32, share float64) (loss float64) {
	T := o.Temperature
	logZ := softmax(o.hard, y, T)
	logP := softmax(o.soft, teacher, T)
	for k, p := range o.soft {
		loss += p * ((float64(teacher[k])/T - logP) - (float64(y[k])/T - logZ))
		dy[k] += float32(share * o.Weight * T * (o.hard[k] - p))
	}
	return T * T * loss
}

// softmax writes softmax(y/T) to p and returns log Σ exp(y/T).
func softmax(p []float64, y []float32, T float64) float64 {
	top := math.Inf(-1)
	for _, v := range y {
		top = max(top, float64(v)/T)
	}
	var sum float64
	for k, v := range y {
		p[k] = math.Exp(float64(v)/T - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return top + math.Log(sum)
}

// resized is x, or a new slice if x does not have n elements.
func resized(x []float64, n int) []float64 {
	if len(x) == n {
		return x
	}
	return make([]float64, n)
}
