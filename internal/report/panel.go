package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// Panel is what is known of a layer, or of the input.
type Panel struct {
	ID     string
	Name   string
	What   string
	Facts  []Fact
	Charts []Chart
}

// Fact is a row of a panel's table.
type Fact struct{ Name, Value string }

// panels are those of the input and of all layers.
func (r *Run) panels() []Panel {
	bounds := map[string]quantized.Accumulator{}
	if r.Proof != nil {
		for _, a := range r.Proof.Accumulators {
			bounds[a.Layer] = a
		}
	}
	m := r.Model
	in := Panel{ID: panelID(0), Name: m.Input.Name, What: "input, " + shape(m.Input.Shape)}
	in.activation(r, m.Input.Activation, false)
	all := []Panel{in}
	sizes := m.Size().Layers
	for i := range m.Nodes {
		n := &m.Nodes[i]
		p := Panel{ID: panelID(i + 1), Name: n.Name, What: operation(n)}
		p.fact("reads", strings.Join(n.Inputs, ", "))
		p.window(n)
		if n.Weights != nil {
			p.weights(r, n)
			p.fact("bytes", thousands(sizes[i+1].Total()))
			p.fact("multiply-adds", thousands(sizes[i+1].MACs))
		}
		if t := r.Times.of(n.Name); t > 0 {
			p.fact("time", fmt.Sprintf("%.3g µs for one input, %.1f %% of all", t, 100*t/r.Times.Total()))
		}
		if a, ok := bounds[n.Name]; ok {
			p.fact("sums", fmt.Sprintf("%s to %s, in %d bits", thousands(a.Min), thousands(a.Max), a.Bits))
		}
		p.activation(r, n.Output, n.Op.PassesThrough())
		all = append(all, p)
	}
	return all
}

func (p *Panel) fact(name, value string) {
	if value != "" {
		p.Facts = append(p.Facts, Fact{name, value})
	}
}

// window adds the geometry of a convolution or a pool.
func (p *Panel) window(n *quantized.Node) {
	w := n.Window
	if w.Kernel == [2]int{} {
		return
	}
	text := fmt.Sprintf("%d × %d, stride %d × %d", w.Kernel[0], w.Kernel[1], w.Stride[0], w.Stride[1])
	if n.Groups > 1 {
		text += fmt.Sprintf(", %d groups", n.Groups)
	}
	p.fact("window", text)
}

// weights adds what is known of a layer's weights.
func (p *Panel) weights(r *Run, n *quantized.Node) {
	w := n.Weights
	if w.Q == nil {
		p.fact("weights", fmt.Sprintf("%s, float32", shape(w.Shape)))
		return
	}
	p.fact("weights", fmt.Sprintf("%s, %v, %s", shape(w.Shape), w.Format, count(len(w.Scale), "scale")))
	p.fact("scales of weights", extent(float64(slices.Min(w.Scale)), float64(slices.Max(w.Scale))))
	used := levels(w)
	p.fact("levels of weights", fmt.Sprintf("%d of %d occur", len(used.X), steps(w.Format)))
	tensor := n.Name + ".weight"
	before, after := r.end("float").fit(tensor), r.last().fit(tensor)
	p.suits("weights", after)
	if after != nil && after.Values != nil {
		p.Charts = append(p.Charts, weightChart(before, after, w))
	}
	p.Charts = append(p.Charts, used)
	if len(w.Scale) > 1 {
		p.Charts = append(p.Charts, scaleChart(w))
	}
	p.Charts = append(p.Charts, r.overTime("weights", tensor)...)
	p.moving(r, tensor)
	p.oscillating(r, tensor)
	p.sensitive(r, "weights", tensor)
}

// suits adds how a quantizer suits its tensor.
func (p *Panel) suits(what string, f *Fit) {
	if f == nil {
		return
	}
	p.fact("clipped "+what, fmt.Sprintf("%.2f %%", 100*f.Clipped))
	if db := decibels(f.Noise); !math.IsNaN(db) {
		p.fact("signal to noise of "+what, fmt.Sprintf("%.1f dB", db))
	}
}

// moving adds the shares of weights whose integers change from epoch to epoch.
func (p *Panel) moving(r *Run, tensor string) {
	var x, moved, turned Numbers
	for i := range r.Surveys {
		s := &r.Surveys[i]
		if f := s.fit(tensor); f != nil && s.Stage == "qat" && !s.End {
			x = append(x, float64(s.Epoch))
			moved, turned = append(moved, 100*f.Moved), append(turned, 100*f.Turned)
		}
	}
	if x == nil || slices.Max(moved) == 0 { // of older runs, it is not known
		return
	}
	last := len(x) - 1
	c := Chart{Title: "Integers that change from epoch to epoch", Kind: lineChart, X: x, XLabel: "epoch of QAT",
		YLabel: "share, %", From0: true, Whole: true, Series: []Series{
			{Label: "changed, %", Colour: blue, Values: moved},
			{Label: "changed back, %", Colour: vermillion, Dashed: true, Values: turned}}}
	c.Note = fmt.Sprintf("In the last epoch %.2f %% of the integers changed; %.2f %% did so against their last "+
		"change, which is how oscillation looks.", moved[last], turned[last])
	p.fact("integers that change", fmt.Sprintf("%.2f %% in the last epoch, %.2f %% back", moved[last], turned[last]))
	p.Charts = append(p.Charts, c)
}

// oscillating adds the share of weights that oscillate, over the epochs.
func (p *Panel) oscillating(r *Run, tensor string) {
	c := Chart{Title: "Oscillating weights", Kind: lineChart, XLabel: "epoch of QAT", YLabel: "share, %", From0: true,
		Whole: true, Series: []Series{{Label: "oscillating, %", Colour: vermillion}}}
	for _, l := range r.Records {
		for _, o := range l.Oscillating {
			if o.Tensor == tensor {
				c.X = append(c.X, float64(l.Epoch))
				c.Series[0].Values = append(c.Series[0].Values, 100*o.Share)
			}
		}
	}
	if c.X == nil {
		return
	}
	last := c.Series[0].Values[len(c.X)-1]
	c.Note = fmt.Sprintf("%.2f %% of the weights oscillate after the last epoch.", last)
	p.fact("oscillating weights", fmt.Sprintf("%.2f %%", last))
	p.Charts = append(p.Charts, c)
}

// activation adds what is known of what a layer computes.
func (p *Panel) activation(r *Run, a quantized.Activation, passes bool) {
	q := a.Quant
	text := shape(a.Shape) + ", "
	switch {
	case q.IsFloat():
		text += "float32"
	case passes:
		text += "on the grid of its input"
	default:
		text += fmt.Sprintf("%v, s = %.4g, z = %d", q.Format, q.Scale, q.Zero)
	}
	p.fact("output", text)
	if q.IsFloat() || passes {
		return
	}
	lo, hi := float64(q.Scale)*float64(q.Format.Min()-q.Zero), float64(q.Scale)*float64(q.Format.Max()-q.Zero)
	p.fact("grid of the output", extent(lo, hi))
	p.fact("scale from", q.Origin)
	f := r.last().fit(a.Name)
	if f == nil {
		return
	}
	p.suits("output", f)
	if f.Levels > 0 {
		p.fact("levels of output", fmt.Sprintf("%d of %d occur", f.Levels, steps(q.Format)))
	}
	if f.Values != nil {
		p.Charts = append(p.Charts, activationChart(r.end("ptq").fit(a.Name), f, lo, hi))
	}
	p.Charts = append(p.Charts, r.overTime("output", a.Name)...)
	p.sensitive(r, "output", a.Name)
}

// steps is how many integers a format has.
func steps(f affine.Format) int { return int(f.Max()-f.Min()) + 1 }

func extent(lo, hi float64) string {
	if lo == hi {
		return fmt.Sprintf("%.4g", lo)
	}
	return fmt.Sprintf("%.4g to %.4g", lo, hi)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), what)
}

// thousands groups the digits of n by three.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
