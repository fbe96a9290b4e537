package main

import "time"

// report is the outcome of a run; results.json holds it.
type report struct {
	Date     time.Time      `json:"date"`
	Machine  machine        `json:"machine"`
	Seconds  float64        `json:"seconds"` // of a turn, at least
	Rounds   int            `json:"rounds"`
	Rows     []result       `json:"rows"`
	Growth   []growthResult `json:"growth"`
	Contests []measured     `json:"contests"`
}

// result is a row of the table.
type result struct {
	Contest      string  `json:"contest"`
	Measure      string  `json:"measure"`
	Unit         string  `json:"unit"`
	Ours         number  `json:"ours"`
	Peer         number  `json:"peer"`
	Ratio        spread  `json:"ratio"`         // ours/peer, of the same round
	Best         float64 `json:"ratio_of_best"` // of each side's best round
	Reach        float64 `json:"to_reach,omitempty"`
	Stretch      float64 `json:"stretch,omitempty"`
	LessIsBetter bool    `json:"less_is_better"`
	Busy         bool    `json:"busy"` // other processes spoiled it
}

// number is the result of one side.
type number struct {
	Side string `json:"side"`
	spread
}

// add puts the rows of a contest into the report.
func (r *report) add(c contest, m measured) {
	r.Contests = append(r.Contests, m)
	for _, row := range c.rows {
		r.Rows = append(r.Rows, row.result(c, m))
	}
	if c.growth != nil {
		r.Growth = append(r.Growth, c.growth.result(m))
	}
}

func (w row) result(c contest, m measured) result {
	ours, peer := m.values(w.ours, w.quantity), m.values(w.peer, w.quantity)
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / peer[i]
	}
	best := over(ours).Most / over(peer).Most
	if w.quantity.lessIsBetter {
		best = over(ours).Least / over(peer).Least
	}
	return result{
		Contest: c.name, Measure: w.measure, Unit: w.quantity.unit,
		Ours:  number{c.sides[w.ours].title, over(ours)},
		Peer:  number{c.sides[w.peer].title, over(peer)},
		Ratio: over(ratios), Best: best,
		Reach: w.reach, Stretch: w.dream, LessIsBetter: w.quantity.lessIsBetter,
		Busy: w.quantity.clock && m.busy(),
	}
}

// verdict says whether the median reaches its aim.
func (r result) verdict() string {
	reaches := func(bound float64) bool {
		return r.LessIsBetter && r.Ratio.Median <= bound || !r.LessIsBetter && r.Ratio.Median >= bound
	}
	switch {
	case r.Busy:
		return "machine busy"
	case r.Reach == 0:
		return ""
	case reaches(r.Stretch):
		return "stretch"
	case reaches(r.Reach):
		return "yes"
	default:
		return "no"
	}
}
