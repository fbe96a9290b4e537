package train

import "petrify/datasets"

// pixelClasses is the number of classes of a pixel; 0 where the task is another.
func (c Config) pixelClasses() int {
	if c.Task != Pixels {
		return 0
	}
	return len(c.Data.Targets)
}

// marked counts the pixels that have a class.
func marked(mask []float32) (n int) {
	for _, class := range mask {
		if class >= 0 {
			n++
		}
	}
	return n
}

// pixel is room for the numbers of one pixel, and for all probabilities of an image.
type pixel struct {
	y, z, dy      []float32 // C
	probabilities []float64 // C × H·W
	hits, sizes   []float64 // C
}

// pixelOf copies the outputs of pixel at from those of an image, C × H·W.
func pixelOf(to []float32, from []float32, at int) {
	stride := len(from) / len(to)
	for k := range to {
		to[k] = from[k*stride+at]
	}
}

// begin makes the room.
func (p *pixel) begin(classes, outputs int) {
	if len(p.y) != classes {
		p.y, p.z, p.dy = make([]float32, classes), make([]float32, classes), make([]float32, classes)
		p.hits, p.sizes = make([]float64, classes), make([]float64, classes)
	}
	p.probabilities = resized(p.probabilities, outputs)
}

// give adds the gradient of pixel at to that of an image.
func (p *pixel) give(dy []float32, at int) {
	stride := len(dy) / len(p.dy)
	for k, d := range p.dy {
		dy[k*stride+at] += d
	}
	clear(p.dy)
}

// weightOfPixels is the sum of the weights of the pixels that have a class.
func (o *objective) weightOfPixels(mask []float32) (sum float64) {
	if o.ClassWeights == nil {
		return float64(marked(mask))
	}
	for _, class := range mask {
		if class >= 0 {
			sum += o.classWeight(int(class))
		}
	}
	return sum
}

// pixelCrossEntropy is the mean of [objective.crossEntropy] over the pixels.
func (o *objective) pixelCrossEntropy(dy, y []float32, is truth, share float64) (loss float64) {
	o.pixel.begin(o.classes, len(y))
	all := o.weightOfPixels(is.targets)
	for at, class := range is.targets {
		if class < 0 {
			continue
		}
		weight := o.classWeight(int(class)) / all
		pixelOf(o.pixel.y, y, at)
		loss += float64(weight * o.crossEntropy(o.pixel.dy, o.pixel.y, truth{label: int(class)}, share*weight))
		o.pixel.give(dy, at)
	}
	return loss
}

// distilPixels is the mean of [objective.distil] over all pixels.
func (o *objective) distilPixels(dy, y, z []float32, share float64) (loss float64) {
	o.pixel.begin(o.classes, len(y))
	weight := float64(o.classes) / float64(len(y))
	for at := range len(y) / o.classes {
		pixelOf(o.pixel.y, y, at)
		pixelOf(o.pixel.z, z, at)
		loss += float64(weight * o.distil(o.pixel.dy, o.pixel.y, o.pixel.z, share*weight))
		o.pixel.give(dy, at)
	}
	return loss
}

// dice has, with D = 2·I/S of each of the n classes in the mask, the slopes
// ∂L/∂pₖ = −2·(tₖ − Dₖ·pₖ)/Sₖ/n, from which those of the softmax's inputs are
// pⱼ·(∂L/∂pⱼ − Σₖ ∂L/∂pₖ·pₖ).
func (o *objective) dice(dy, y []float32, is truth, share float64) float64 {
	o.pixel.begin(o.classes, len(y))
	occur, sum := o.overlaps(y, is.targets)
	n, pixels := float64(occur), len(is.targets)
	slope := o.soft
	for at, class := range is.targets {
		if class < 0 {
			continue
		}
		mean := 0.0
		for k, size := range o.pixel.sizes {
			p, t := o.pixel.probabilities[k*pixels+at], 0.0
			if k == int(class) {
				t = 1
			}
			slope[k] = 0
			if size > 0 {
				slope[k] = -2 * (t - float64(2*o.pixel.hits[k]/size*p)) / size / n
			}
			mean += float64(slope[k] * p)
		}
		for k, d := range slope {
			dy[k*pixels+at] += float32(share * o.pixel.probabilities[k*pixels+at] * (d - mean))
		}
	}
	return 1 - sum/n
}

// overlaps finds I = Σ p·t and S = Σ p² + Σ t² of each class; S is 0 for those that do not
// occur. It returns how many occur, and the sum of 2·I/S.
func (o *objective) overlaps(y, mask []float32) (occur int, sum float64) {
	p, pixels := &o.pixel, len(mask)
	clear(p.hits)
	clear(p.sizes)
	for at, class := range mask {
		if class < 0 {
			continue
		}
		pixelOf(p.y, y, at)
		softmax(o.hard, p.y, 1)
		for k, v := range o.hard {
			p.probabilities[k*pixels+at] = v
		}
		p.hits[int(class)] += o.hard[int(class)]
		p.sizes[int(class)]++
	}
	for k := range p.sizes {
		if p.sizes[k] == 0 {
			continue
		}
		for at, class := range mask {
			if v := p.probabilities[k*pixels+at]; class >= 0 {
				p.sizes[k] += float64(v * v)
			}
		}
		occur++
		sum += 2 * p.hits[k] / p.sizes[k]
	}
	return occur, sum
}

// pixelCrossEntropyDice is the sum of the two.
func (o *objective) pixelCrossEntropyDice(dy, y []float32, is truth, share float64) float64 {
	return o.pixelCrossEntropy(dy, y, is, share) + o.dice(dy, y, is, share)
}

// pixelJudge judges a class for each pixel, the one with the greatest output.
type pixelJudge struct {
	classes int
	counts  []counts // by class
	y       []float32
}

func newPixelJudge(c Config) judge {
	n := len(c.Data.Targets)
	return &pixelJudge{n, make([]counts, n), make([]float32, n)}
}

func (j *pixelJudge) add(b datasets.Batch, y []float32) {
	outputs, pixels := len(y)/len(b.Labels), len(b.Targets)/len(b.Labels)
	for n := range b.N {
		for at, class := range b.Targets[n*pixels:][:pixels] {
			if class < 0 {
				continue
			}
			pixelOf(j.y, y[n*outputs:][:outputs], at)
			is, said := int(class), greatest(j.y)
			j.counts[is].are++
			j.counts[said].said++
			if is == said {
				j.counts[is].hit++
			}
		}
	}
}

// metrics are means over the classes that are there or are said.
func (j *pixelJudge) metrics(m *Metrics) {
	var all counts
	occur := 0.0
	for _, c := range j.counts {
		all.hit, all.are = all.hit+c.hit, all.are+c.are
		if union := c.said + c.are - c.hit; union > 0 {
			occur++
			m.MeanIoU += c.hit / union
			m.MeanDice += c.f1()
		}
	}
	m.MeanIoU /= max(occur, 1)
	m.MeanDice /= max(occur, 1)
	m.PixelAccuracy = all.hit / max(all.are, 1)
}

func (j *pixelJudge) targets() (all []judge) {
	for k := range j.counts {
		all = append(all, &pixelJudge{counts: j.counts[k : k+1]})
	}
	return all
}
