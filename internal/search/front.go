package search

import (
	"cmp"
	"math"
	"slices"
)

// Item is what one choice is made of.
type Item struct {
	Name    string
	Options []Option
}

// Option is a choice that an item has.
type Option struct {
	Bits  int
	Loss  float64 // that it adds, not below 0
	Costs []int64 // that it adds, by respect
}

// Product is a cost that is the product of the bits of two items, times a factor.
type Product struct {
	A, B   int // items
	Factor int64
}

// Problem is what to choose.
type Problem struct {
	Items    []Item
	Base     []int64   // costs whatever is chosen, by respect
	Products []Product // that the last respect has, too
	Limits   []int64   // the greatest costs that are allowed, by respect
}

// Point is a choice for all items.
type Point struct {
	Loss   float64
	Costs  []int64
	Choice []uint8 // of options, by item
}

// most is how many points a set of partial choices keeps: of more, it keeps those of
// least loss at equal steps of the first cost.
const most = 4000

// Front is the points within the limits than which none has less or the same loss and
// costs, and not all the same; the least first costs come first.
func (p *Problem) Front() []Point {
	sets := map[string][]Point{"": {{Costs: slices.Clone(p.Base)}}}
	for i, item := range p.Items {
		next := map[string][]Point{}
		for _, set := range sets {
			for _, from := range set {
				for option := range item.Options {
					if to, ok := p.extend(from, i, uint8(option)); ok {
						key := p.open(to.Choice)
						next[key] = append(next[key], to)
					}
				}
			}
		}
		for key, set := range next {
			next[key] = thin(undominated(set))
		}
		sets = next
	}
	return sets[""]
}

// extend adds an option for item i, unless limits rule it out.
func (p *Problem) extend(from Point, i int, option uint8) (to Point, ok bool) {
	to = p.add(from, i, option)
	for r, c := range to.Costs {
		if c+p.least(r, i+1) > p.Limits[r] {
			return to, false
		}
	}
	return to, true
}

// add adds an option for item i.
func (p *Problem) add(from Point, i int, option uint8) Point {
	o := p.Items[i].Options[option]
	to := Point{from.Loss + o.Loss, slices.Clone(from.Costs), append(slices.Clone(from.Choice), option)}
	for r, c := range o.Costs {
		to.Costs[r] += c
	}
	last := len(to.Costs) - 1
	for _, product := range p.Products {
		if max(product.A, product.B) == i {
			to.Costs[last] += product.Factor * p.bits(to.Choice, product.A) * p.bits(to.Choice, product.B)
		}
	}
	return to
}

// Costs are those of a choice for all items, by respect.
func (p *Problem) Costs(choice []uint8) []int64 {
	at := Point{Costs: slices.Clone(p.Base)}
	for i, option := range choice {
		at = p.add(at, i, option)
	}
	return at.Costs
}

func (p *Problem) bits(choice []uint8, item int) int64 {
	return int64(p.Items[item].Options[choice[item]].Bits)
}

// least is what the items from one on cost at least, without products.
func (p *Problem) least(respect, from int) (sum int64) {
	for _, item := range p.Items[from:] {
		least := int64(math.MaxInt64)
		for _, o := range item.Options {
			least = min(least, o.Costs[respect])
		}
		sum += least
	}
	return sum
}

// open is the choices of those items that a product joins with one still to come.
func (p *Problem) open(choice []uint8) string {
	var key []byte
	for item := range choice {
		for _, product := range p.Products {
			if min(product.A, product.B) == item && max(product.A, product.B) >= len(choice) {
				key = append(key, byte(item), choice[item])
				break
			}
		}
	}
	return string(key)
}

// undominated drops the points than which another is as good in all respects.
func undominated(all []Point) (kept []Point) {
	slices.SortFunc(all, func(a, b Point) int {
		return cmp.Or(slices.Compare(a.Costs, b.Costs), cmp.Compare(a.Loss, b.Loss), slices.Compare(a.Choice, b.Choice))
	})
	for _, p := range all { // one that follows costs more in some respect
		others := kept
		if len(p.Costs) == 1 && len(kept) > 0 {
			others = kept[len(kept)-1:] // which has the least loss
		}
		if !slices.ContainsFunc(others, func(q Point) bool { return q.covers(p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}

func (p Point) covers(q Point) bool {
	if p.Loss > q.Loss {
		return false
	}
	for r, c := range p.Costs {
		if c > q.Costs[r] {
			return false
		}
	}
	return true
}

// thin keeps at most as many points as the constant says, the first among them.
func thin(points []Point) []Point {
	if len(points) <= most {
		return points
	}
	least, greatest := points[0].Costs[0], points[len(points)-1].Costs[0]
	best := map[int64]Point{}
	for _, p := range points {
		step := (p.Costs[0] - least) * (most - 1) / max(greatest-least, 1)
		if b, ok := best[step]; !ok || p.Loss < b.Loss {
			best[step] = p
		}
	}
	best[0] = points[0]
	kept := make([]Point, 0, len(best))
	for _, p := range best {
		kept = append(kept, p)
	}
	slices.SortFunc(kept, func(a, b Point) int {
		return cmp.Or(slices.Compare(a.Costs, b.Costs), cmp.Compare(a.Loss, b.Loss))
	})
	return kept
}
