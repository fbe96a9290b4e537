package train

import "fmt"

// Memory is the least number of bytes that the run takes while it trains,
// besides its data: the values of the graphs that exist at the same time. With
// the operators' buffers it may be twice as much.
func (j *Job) Memory() (int64, error) {
	r := j.run
	if r.Phase == Done {
		return 0, nil
	}
	least, err := grown(r.Batch, r.trainerMemory)
	if err == nil {
		var apart int64
		apart, err = r.besides()
		least += apart
	}
	if err == nil && r.Phase == Float {
		var float, evaluator int64
		if float, err = grown(r.Batch, r.floatMemory); err == nil {
			evaluator, err = grown(r.Batch, r.evaluatorMemory)
		}
		least = max(least, float+evaluator)
	}
	if err != nil {
		return 0, fmt.Errorf("train: %w", err)
	}
	return least, nil
}

// besides is what a quantized stage takes besides its training graph: the graphs that
// compare and survey, or earlier what a repair holds.
func (r *run) besides() (int64, error) {
	apart, err := grown(min(r.Batch, apartImages), r.distanceMemory)
	if err != nil {
		return 0, err
	}
	probe, err := grown(r.surveyBatch(), r.probeMemory)
	if o, _ := r.chosen(); o.Active() && r.Phase <= PTQ {
		return max(apart+probe, int64(r.repairCount())*int64(r.model.RepairMemory(o))), err
	}
	return apart + probe, err
}

// grown extrapolates the bytes that a graph takes at a batch. Building it would
// take many of them; since each value grows with the batch or not at all, two
// small batches are enough to know what each step needs.
func grown(batch int, live func(batch int) ([]int64, error)) (most int64, err error) {
	one, err := live(1)
	if err != nil {
		return 0, err
	}
	two, err := live(2)
	for i := range two {
		most = max(most, one[i]+int64(batch-1)*(two[i]-one[i]))
	}
	return most, err
}

// trainerMemory is that of the quantized stages.
func (r *run) trainerMemory(batch int) ([]int64, error) {
	t, err := r.model.Trainer(batch, true)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Live(), nil
}

// distanceMemory is that of the graph that compares training with the engine.
func (r *run) distanceMemory(batch int) ([]int64, error) {
	d, err := r.model.Distance(batch)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Live(), nil
}

// probeMemory is that of the graph that looks at the activations for a survey.
func (r *run) probeMemory(batch int) ([]int64, error) {
	p, err := r.model.Probe(batch)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Live(), nil
}

// floatMemory is that of the float stage, which also evaluates in a graph.
func (r *run) floatMemory(batch int) ([]int64, error) {
	t, err := r.model.Trainer(batch, false)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Live(), nil
}

// evaluatorMemory is that of this graph.
func (r *run) evaluatorMemory(batch int) ([]int64, error) {
	e, err := r.model.Evaluator(batch, false)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Live(), nil
}
