package main

import (
	"context"
	"fmt"
	"slices"
)

// row is one measure of ours and a peer's.
type row struct {
	Name string
	Unit string
	Peer string
	// Goal and Stretch are bounds of the ratio ours/peer: at least so much, or
	// at most where Less is set. 0: none.
	Goal, Stretch float64
	Less          bool
	Once          bool // one turn is enough: the measure hardly varies

	ours, peer func(context.Context) (float64, error)
}

// result is a row that was measured.
type result struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Peer    string  `json:"peer"`
	Ours    spread  `json:"ours"`
	Theirs  spread  `json:"theirs"`
	Ratio   spread  `json:"ratio"`
	Goal    float64 `json:"goal"`
	Stretch float64 `json:"stretch"`
	Less    bool    `json:"less_is_better"`
}

// spread is a number over the turns.
type spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`  // the first quartile
	High   float64 `json:"high"` // the third
}

// measure lets the two sides take turns, after one turn that does not count.
func (r row) measure(ctx context.Context, turns int) (result, error) {
	var ours, theirs, ratios []float64
	warm := 1
	if r.Once {
		turns, warm = 1, 0
	}
	for i := range turns + warm {
		a, err := r.ours(ctx)
		if err != nil {
			return result{}, err
		}
		b, err := r.peer(ctx)
		if err != nil {
			return result{}, err
		}
		if i >= warm {
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, a/b)
		}
	}
	return result{
		Name: r.Name, Unit: r.Unit, Peer: r.Peer, Goal: r.Goal, Stretch: r.Stretch, Less: r.Less,
		Ours: spreadOf(ours), Theirs: spreadOf(theirs), Ratio: spreadOf(ratios),
	}, nil
}

// spreadOf is the median and the quartiles, between neighbours in proportion.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	at := func(part float64) float64 {
		place := part * float64(len(sorted)-1)
		i := int(place)
		if i+1 == len(sorted) {
			return sorted[i]
		}
		return sorted[i] + (place-float64(i))*(sorted[i+1]-sorted[i])
	}
	return spread{at(0.5), at(0.25), at(0.75)}
}

// verdict is such as "3.4× (goal 3×, stretch 5×)".
func (r result) verdict() string {
	text := fmt.Sprintf("%.2f×", r.Ratio.Median)
	switch {
	case r.Goal == 0:
		return text
	case r.reaches(r.Stretch):
		return text + fmt.Sprintf(", stretch of %g× reached", r.Stretch)
	case r.reaches(r.Goal):
		return text + fmt.Sprintf(", goal of %g× reached", r.Goal)
	default:
		return text + fmt.Sprintf(", goal of %g× missed", r.Goal)
	}
}

func (r result) reaches(bound float64) bool {
	if r.Less {
		return r.Ratio.Median <= bound
	}
	return r.Ratio.Median >= bound
}
