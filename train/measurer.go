package train

import (
	"petrify/datasets"
	"petrify/graph"
)

// Measurer measures a model's outputs as the evaluation of a run does, batch by batch:
// their loss without what only training adds, and what the task's metrics need.
type Measurer struct {
	model     *graph.Model
	targeted  bool
	objective objective
	task      Task
	judge     judge
	sum       tally
}

// Measurer returns one for a model of the run, whose task is known. Without it,
// there is no loss of tasks that reproduce their input.
func (c Config) Measurer(m *graph.Model) *Measurer {
	e := &Measurer{model: m, task: c.Task, targeted: tasks[c.Task].loss == graph.Targeted}
	e.objective = objective{Objective: Objective{Loss: c.Objective.Loss, Delta: c.Objective.Delta}}
	e.objective.units, e.objective.classes = unitsOf(c.Data), c.pixelClasses()
	if make := tasks[c.Task].judge; make != nil {
		e.judge = make(c)
	}
	return e
}

// Loss is the mean loss of the outputs y of a batch; of masks over the pixels that have a
// class, which are counted.
func (e *Measurer) Loss(b datasets.Batch, y []float32) (graph.Metrics, error) {
	if !e.targeted && e.model == nil {
		return graph.Metrics{Count: b.N}, nil
	}
	if !e.targeted {
		return e.model.Measure(y, b.X, b.Labels)
	}
	e.objective.take(b)
	m, err := graph.MeasureWith(e.objective.loss, y, b.Labels)
	if e.objective.classes > 0 {
		m.Count = marked(b.Targets[:len(b.Targets)/len(b.Labels)*b.N])
	}
	return m, err
}

// Add measures the outputs y of a batch.
func (e *Measurer) Add(b datasets.Batch, y []float32) error {
	m, err := e.Loss(b, y)
	e.sum.add(m.Loss, m.Correct, m.Count)
	if e.judge != nil && err == nil {
		e.judge.add(b, y)
	}
	return err
}

// Metrics are those of all outputs so far.
func (e *Measurer) Metrics() Metrics {
	m := e.sum.metrics()
	if e.judge != nil && e.sum.Count > 0 {
		e.judge.metrics(&m)
		m.task = e.task
	}
	return m
}

// Wrong is how many samples were not classified correctly.
func (e *Measurer) Wrong() int { return e.sum.Count - e.sum.Correct }

// ByTarget are the metrics of each target on its own.
func (e *Measurer) ByTarget() (all []Metrics) {
	if e.judge == nil {
		return nil
	}
	for _, j := range e.judge.targets() {
		var m Metrics
		j.metrics(&m)
		all = append(all, m)
	}
	return all
}
