package main

// growth compares the sides of a contest with a straight line: side i has the
// size x[i].
type growth struct {
	measure, size string
	x             []float64
	quantities    []quantity
}

func (g *growth) add(x float64, q quantity) {
	g.x, g.quantities = append(g.x, x), append(g.quantities, q)
}

// growthResult is a table of sizes and times.
type growthResult struct {
	Contest  string    `json:"contest"`
	Measure  string    `json:"measure"`
	Size     string    `json:"size"`
	Unit     string    `json:"unit"`
	X        []float64 `json:"x"`
	Times    []spread  `json:"times"`
	Line     line      `json:"line"`
	Residual float64   `json:"residual"` // the greatest, as a share of the line
}

// mostResidual is what counts as linear.
const mostResidual = 0.1

func (g *growth) result(m measured) growthResult {
	r := growthResult{Contest: m.Contest, Measure: g.measure, Size: g.size, Unit: g.quantities[0].unit, X: g.x}
	medians := make([]float64, len(g.x))
	for i, q := range g.quantities {
		r.Times = append(r.Times, over(m.values(i, q)))
		medians[i] = r.Times[i].Median
	}
	r.Line = fit(g.x, medians)
	r.Residual = r.Line.residual(g.x, medians)
	return r
}

// values is a quantity of one side, round by round.
func (m measured) values(side int, q quantity) []float64 {
	x := make([]float64, len(m.Turns))
	for i, round := range m.Turns {
		x[i] = q.of(round[side])
	}
	return x
}
