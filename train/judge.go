package train

import (
	"cmp"
	"math"
	"slices"

	"petrify/datasets"
)

// judge adds up what the metrics of a task need, over the batches of a split.
type judge interface {
	// add takes the outputs y of a batch.
	add(b datasets.Batch, y []float32)
	// metrics sets those of the task.
	metrics(m *Metrics)
	// targets are the judges of single targets.
	targets() []judge
}

// errorJudge judges regression.
type errorJudge struct{ of []deviation }

// deviation is that of the outputs for one target from it.
type deviation struct {
	n             float64
	absolute      float64 // Σ |y − t|
	squared       float64 // Σ (y − t)²
	mean, spread2 float64 // of t: its mean, and Σ (t − mean)², as B. Welford, Technometrics 4, 1962, updates them
}

func newErrorJudge(c Config) judge { return &errorJudge{make([]deviation, len(c.Data.Targets))} }

func (j *errorJudge) add(b datasets.Batch, y []float32) {
	for i, t := range b.Targets[:b.N*len(j.of)] {
		j.of[i%len(j.of)].add(float64(y[i]), float64(t))
	}
}

func (e *deviation) add(y, t float64) {
	e.n++
	e.absolute += math.Abs(y - t)
	e.squared += float64((y - t) * (y - t))
	d := t - e.mean
	e.mean += d / e.n
	e.spread2 += float64(d * (t - e.mean))
}

func (j *errorJudge) metrics(m *Metrics) {
	targets, square := float64(len(j.of)), 0.0
	for _, e := range j.of {
		n := max(e.n, 1)
		m.MAE += e.absolute / n / targets
		square += e.squared / n / targets
		if e.spread2 > 0 {
			m.R2 += (1 - e.squared/e.spread2) / targets
		}
	}
	m.RMSE = math.Sqrt(square)
}

func (j *errorJudge) targets() (all []judge) {
	for k := range j.of {
		all = append(all, &errorJudge{j.of[k : k+1]})
	}
	return all
}

// labelJudge judges several labels a sample. An output above 0, a probability above ½,
// says that the label is there.
type labelJudge struct{ of [][]scored }

// scored is the output for a label, and whether the sample has it.
type scored struct {
	y  float32
	is bool
}

func newLabelJudge(c Config) judge { return &labelJudge{make([][]scored, len(c.Data.Targets))} }

func (j *labelJudge) add(b datasets.Batch, y []float32) {
	for i, t := range b.Targets[:b.N*len(j.of)] {
		k := i % len(j.of)
		j.of[k] = append(j.of[k], scored{y[i], t > 0})
	}
}

func (j *labelJudge) metrics(m *Metrics) {
	var all counts
	occur := 0.0
	for _, samples := range j.of {
		c := count(samples)
		all.hit, all.said, all.are = all.hit+c.hit, all.said+c.said, all.are+c.are
		m.MacroF1 += c.f1() / float64(len(j.of))
		if c.are > 0 {
			m.MeanAP += averagePrecision(samples)
			occur++
		}
	}
	m.MeanAP /= max(occur, 1)
	m.MicroF1 = all.f1()
}

func (j *labelJudge) targets() (all []judge) {
	for k := range j.of {
		all = append(all, &labelJudge{j.of[k : k+1]})
	}
	return all
}

// counts is how often a label is said rightly, is said, and is there.
type counts struct{ hit, said, are float64 }

func count(samples []scored) (c counts) {
	for _, s := range samples {
		if s.y > 0 {
			c.said++
		}
		if s.is {
			c.are++
		}
		if s.is && s.y > 0 {
			c.hit++
		}
	}
	return c
}

// f1 is 2·hits/(said + are); 0 if there is neither.
func (c counts) f1() float64 { return 2 * c.hit / max(c.said+c.are, 1) }

// averagePrecision is Σ (Rₖ − Rₖ₋₁)·Pₖ over the thresholds k, from the greatest output
// down, with precision P and recall R; equal outputs share a threshold. Source: M. Zhu,
// "Recall, Precision and Average Precision", University of Waterloo, 2004.
func averagePrecision(samples []scored) (ap float64) {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Compare(b.y, a.y) })
	hits, before := 0.0, 0.0
	for i, s := range sorted {
		if s.is {
			hits++
		}
		if i+1 == len(sorted) || sorted[i+1].y != s.y {
			ap += (hits - before) * hits / float64(i+1)
			before = hits
		}
	}
	return ap / max(hits, 1)
}
