package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"petrify/internal/score"
	"petrify/quantized"
	"petrify/train"
)

//go:embed *.html page.css page.js uplot
var files embed.FS

// page is what all pages have.
type page struct {
	Title   string
	Style   template.CSS
	Script  template.JS
	Data    data
	figures int
	Run     *runPage        // a page of one run
	Runs    *comparisonPage // a page of several
	Sweep   *sweepPage      // a page of a sweep
}

// data is the JSON in the page.
type data struct {
	Charts map[string]Chart `json:"charts"`
}

// figure is a chart with its place in the page.
type figure struct {
	ID string
	Chart
}

// figure adds a chart to the data.
func (p *page) figure(c Chart) figure {
	f := figure{fmt.Sprintf("chart-%d", p.figures), c}
	p.figures++
	p.Data.Charts[f.ID] = c
	return f
}

func (p *page) all(charts []Chart) (all []figure) {
	for _, c := range charts {
		all = append(all, p.figure(c))
	}
	return all
}

// runPage is what the page of a run shows, section by section.
type runPage struct {
	*Run
	Sentence   string
	Rows       []resultRow
	Proof      []string
	Exports    []Export
	Training   []figure
	Drawing    Drawing
	Panels     []panelPage
	Costs      []Cost
	Bytes      quantized.Bytes
	Matrices   []Matrix
	Confusions []Confused
	Classes    []ClassRow
	Networks   []string // that the columns of Classes are of
	Calibrated *figure
	Errors     *figure
	Complaints []string
	Predicted  []figure
	Targets    []targetRow
	Facts      []Fact
	Hashes     []quantized.Digest
}

type panelPage struct {
	Panel
	Figures []figure
}

// resultRow is a network in the table of results.
type resultRow struct {
	Name, Accuracy, Interval, Loss, Bytes, Speed string
	Metrics                                      []string // in the order of the task's
}

// Write writes the page of a run.
func Write(w io.Writer, r *Run) error {
	p := newPage(r.Summary.Network + " on " + r.Summary.Dataset)
	p.Run = &runPage{Run: r, Sentence: r.sentence(), Rows: r.results(), Exports: r.Exports, Drawing: r.draw(),
		Costs: r.costs(), Bytes: r.Model.Size().Bytes, Matrices: r.matrices(), Confusions: r.confusions(),
		Classes: r.classes(), Complaints: r.complaints(), Facts: r.facts()}
	p.Run.Training = p.all(r.training())
	for _, panel := range r.panels() {
		p.Run.Panels = append(p.Run.Panels, panelPage{panel, p.all(panel.Charts)})
	}
	if c := r.calibration(); c != nil {
		f := p.figure(*c)
		p.Run.Calibrated = &f
		for _, n := range r.Judgement.Judged {
			p.Run.Networks = append(p.Run.Networks, n.Name)
		}
	}
	if c := r.restoration(); c != nil {
		f := p.figure(*c)
		p.Run.Errors = &f
	}
	p.Run.Predicted, p.Run.Targets = p.all(r.predicted()), r.targets()
	if r.Proof != nil {
		p.Run.Proof = strings.Split(r.Proof.String(), "; ")
		p.Run.Hashes = r.Proof.Model
		for _, e := range r.Proof.Exports {
			p.Run.Hashes = append(p.Run.Hashes, e.Digest)
		}
	}
	return p.write(w)
}

// comparisonPage is what the page of several runs shows.
type comparisonPage struct {
	*Comparison
	Rows    []comparedRow
	Figures []figure
}

// comparedRow is a run in the table of results.
type comparedRow struct {
	Run                     *Run
	Rows                    []resultRow // float, PTQ, QAT
	Bytes, OfFloat          string
	Differing, Significance string // from the first run, by McNemar's test
}

// WriteComparison writes the page of several runs.
func WriteComparison(w io.Writer, runs []*Run) error {
	c := Compare(runs)
	p := newPage(fmt.Sprintf("Comparison of %d runs", len(runs)))
	p.Runs = &comparisonPage{Comparison: c, Figures: p.all(c.curves())}
	for i, r := range runs {
		row := comparedRow{Run: r, Rows: r.results(), Bytes: thousands(r.Summary.Size.Quantized),
			OfFloat: fmt.Sprintf("%.1f %%", percent(r.Summary.Size.Quantized, r.Summary.Size.Float32))}
		if i > 0 && len(c.Tests) == len(runs)-1 {
			t := c.Tests[i-1]
			row.Differing, row.Significance = fmt.Sprintf("+%d −%d", t.OnlyB, t.OnlyA), fmt.Sprintf("%.3f", t.P)
		}
		p.Runs.Rows = append(p.Runs.Rows, row)
	}
	return p.write(w)
}

func newPage(title string) *page {
	read := func(name string) string {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		return string(text)
	}
	return &page{
		Title: title,
		Style: template.CSS(read("uplot/uPlot.min.css") + read("page.css")),
		Script: template.JS("/*!\n" + read("uplot/LICENSE") + "*/\n" + read("uplot/uPlot.iife.min.js") +
			read("page.js")),
		Data: data{map[string]Chart{}},
	}
}

func (p *page) write(w io.Writer) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"thousands": thousands, "long": func(n int) int64 { return int64(n) },
		"sum":   func(a, b int64) int64 { return a + b },
		"one":   func(v float64) string { return fmt.Sprintf("%.1f", v) },
		"short": func(v float64) string { return fmt.Sprintf("%.4g", v) },
		"two":   func(v float64) string { return fmt.Sprintf("%.2f", v) },
	}).ParseFS(files, "*.html")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Shipped is the method whose model ships: QAT or PTQ.
func (r *Run) Shipped() string { return strings.ToUpper(r.Model.Origin.Method) }

// sentence is the result in one sentence.
func (r *Run) sentence() string {
	s := r.Summary
	size := fmt.Sprintf("in %s bytes, %.1f %% of float32's", thousands(s.Size.Quantized),
		percent(s.Size.Quantized, s.Size.Float32))
	if of := r.Task().Headline(); !r.classifies() && of.Key != "loss" {
		return fmt.Sprintf("Quantized, %s has %s %s on %s test samples, where float has %s, %s.", s.Network, of.Name,
			of.Format(s.QAT), thousands(int64(s.Samples.Test)), of.Format(s.Float), size)
	}
	if !r.classifies() {
		return fmt.Sprintf("Quantized, %s has a loss of %.4f on %s test samples, where float has %.4f, %s.", s.Network,
			s.QAT.Loss, thousands(int64(s.Samples.Test)), s.Float.Loss, size)
	}
	return fmt.Sprintf("Quantized, %s classifies %.2f %% of %s test samples correctly, where float classifies "+
		"%.2f %%, %s.",
		s.Network, 100*s.QAT.Accuracy, thousands(int64(s.Samples.Test)), 100*s.Float.Accuracy, size)
}

// Metrics are those that the run measured.
func (r *Run) Metrics() []train.Metric {
	return r.Task().MetricsOf(r.Summary.Float, r.Summary.PTQ, r.Summary.QAT)
}

// results are the rows of the table of results.
func (r *Run) results() []resultRow {
	s := r.Summary
	row := func(name string, m Measures, bytes int64, speed float64) resultRow {
		row := resultRow{Name: name, Loss: fmt.Sprintf("%.4f", m.Loss), Bytes: thousands(bytes)}
		for _, of := range r.Metrics() {
			row.Metrics = append(row.Metrics, of.Format(m))
		}
		if r.classifies() {
			row.Accuracy = fmt.Sprintf("%.2f %%", 100*m.Accuracy)
			lo, hi := score.Interval(int(math.Round(m.Accuracy*float64(s.Samples.Test))), s.Samples.Test)
			row.Interval = fmt.Sprintf("%.2f–%.2f %%", 100*lo, 100*hi)
		}
		if speed > 0 {
			row.Speed = thousands(int64(speed))
		}
		return row
	}
	return []resultRow{
		row("float", s.Float, s.Size.Float32, s.Speed.Float), row("PTQ", s.PTQ, s.Size.Quantized, 0),
		row("QAT", s.QAT, s.Size.Quantized, s.Speed.QAT),
	}
}

// complaints are the warnings of the run.
func (r *Run) complaints() (all []string) {
	for _, s := range r.Surveys {
		for _, w := range s.Warnings {
			text := w.Text
			if w.Tensor != "" {
				text = w.Tensor + ": " + text
			}
			all = append(all, text)
		}
	}
	return append(all, r.Warnings...)
}

// facts are where the run comes from.
func (r *Run) facts() []Fact {
	s, o := r.Summary, r.Model.Origin
	all := []Fact{
		{"data", s.Dataset}, {"source", s.Data.Source}, {"kind", s.Data.Kind}, {"division", s.Data.Division},
		{"samples", fmt.Sprintf("%s to train, %s to test", thousands(int64(s.Samples.Train)),
			thousands(int64(s.Samples.Test)))},
		{"shape", shape(s.Data.Shape)}, {"normalised", s.Data.Normalised}, {"data's SHA-256", o.Data},
		{"petrify", o.Version}, {"kernels", s.Kernels}, {"seed", fmt.Sprint(s.Seed)}, {"folder", r.Name},
	}
	var known []Fact
	for _, f := range all {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}
