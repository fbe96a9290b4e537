package train

import (
	"cmp"
	"slices"

	"petrify/datasets"
)

// anomalyJudge judges how well normal and anomalous samples are told apart by how badly
// they are reproduced: a sample's score is the mean of (y − x)² over its numbers.
type anomalyJudge struct {
	shape  [3]int // of the inputs, C H W
	scores []scored
}

func newAnomalyJudge(c Config) judge { return &anomalyJudge{shape: c.Data.Shape} }

func (j *anomalyJudge) add(b datasets.Batch, y []float32) {
	size := j.shape[0] * j.shape[1] * j.shape[2]
	for n := range b.N {
		score := ReconstructionError(y[n*size:][:size], b.X[n*size:][:size], j.shape[0])
		j.scores = append(j.scores, scored{float32(score), b.Targets[n] > 0})
	}
}

// ReconstructionError is the mean of (y − x)² over the numbers of a sample. The output y is
// C H W, the input x H W C.
func ReconstructionError(y, x []float32, channels int) (sum float64) {
	pixels := len(x) / channels
	for c := range channels {
		for p := range pixels {
			d := float64(y[c*pixels+p]) - float64(x[p*channels+c])
			sum += float64(d * d)
		}
	}
	return sum / float64(len(x))
}

func (j *anomalyJudge) metrics(m *Metrics) {
	m.AUC, m.PAUC = areas(j.scores)
}

func (j *anomalyJudge) targets() []judge { return []judge{j} }

// Scores are those of the samples so far, if the task is to find anomalies.
func (e *Measurer) Scores() (all []float32) {
	if j, ok := e.judge.(*anomalyJudge); ok {
		for _, s := range j.scores {
			all = append(all, s.y)
		}
	}
	return all
}

// mostFalse is the greatest part of the normal samples that are taken for anomalies, up to
// which the partial area counts: that of MLPerf Tiny's anomaly detection.
const mostFalse = 0.1

// areas are the area under the receiver operating characteristic, whose points are the
// parts of the normal and of the anomalous samples that reach a threshold, equal scores at
// once; and the area up to [mostFalse], a, standardised such that chance has ½ and the
// perfect score 1:
//
//	½·(1 + (a − f²/2)/(f − f²/2))        f = mostFalse
//
// Both are 0 where there are no normal or no anomalous samples. Sources: T. Fawcett, "An
// Introduction to ROC Analysis", Pattern Recognition Letters 27, 2006, algorithm 2;
// D. McClish, "Analyzing a Portion of the ROC Curve", Medical Decision Making 9, 1989.
func areas(samples []scored) (area, partial float64) {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Compare(b.y, a.y) })
	anomalous := count(sorted).are
	normal := float64(len(sorted)) - anomalous
	if normal == 0 || anomalous == 0 {
		return 0, 0
	}
	var x, y, beforeX, beforeY float64 // parts of the normal and of the anomalous samples
	var low, high float64              // samples that reach the threshold
	for i, s := range sorted {
		if s.is {
			high++
		} else {
			low++
		}
		if i+1 < len(sorted) && sorted[i+1].y == s.y {
			continue
		}
		x, y = low/normal, high/anomalous
		area += float64((x - beforeX) * (y + beforeY) / 2)
		if end := min(x, mostFalse); end > beforeX {
			at := beforeY + float64((y-beforeY)*(end-beforeX)/(x-beforeX))
			partial += float64((end - beforeX) * (at + beforeY) / 2)
		}
		beforeX, beforeY = x, y
	}
	const chance = mostFalse * mostFalse / 2
	return area, (1 + (partial-chance)/(mostFalse-chance)) / 2
}
