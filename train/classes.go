package train

import "petrify/datasets"

// classJudge judges one class for each sample, the one with the greatest output.
type classJudge struct {
	names    []string
	counts   []counts // by class
	inFirst5 int
}

func newClassJudge(c Config) judge {
	return &classJudge{names: c.Data.Classes, counts: make([]counts, len(c.Data.Classes))}
}

func (j *classJudge) add(b datasets.Batch, y []float32) {
	outputs := len(y) / len(b.Labels)
	for n, label := range b.Labels[:b.N] {
		y, class := y[n*outputs:][:outputs], int(label)
		j.counts[class].are++
		switch rank := rankOf(y, class); {
		case rank == 0:
			j.counts[class].hit++
			j.inFirst5++
		case rank < 5:
			j.inFirst5++
		}
	}
}

// rankOf is how many outputs are before that of a class: those that are greater, and of
// equal ones the earlier.
func rankOf(y []float32, class int) (rank int) {
	for k, v := range y {
		if v > y[class] || v == y[class] && k < class {
			rank++
		}
	}
	return rank
}

// fewest5 is how many classes there are at least if being among five says something.
const fewest5 = 6

func (j *classJudge) metrics(m *Metrics) {
	samples, hits, worst := 0.0, 0.0, 2.0
	for k, c := range j.counts {
		samples, hits = samples+c.are, hits+c.hit
		if recall := c.hit / max(c.are, 1); c.are > 0 && recall < worst {
			worst, m.WorstRecall, m.WorstClass = recall, recall, j.names[k]
		}
	}
	m.Accuracy = hits / max(samples, 1)
	if len(j.counts) >= fewest5 {
		m.Top5 = float64(j.inFirst5) / max(samples, 1)
	}
}

func (j *classJudge) targets() []judge { return nil }
