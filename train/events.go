package train

import "petrify/graph"

// Events are called during a run, from its goroutine. A nil function
// is not called.
type Events struct {
	Stage func(StageStart) // before the first step of a stage, also of a resumed one
	Turn  func(Turn)       // before a step of the QAT stage for which milestones change switches, and before the first
	Step  func(StepEnd)    // after each step
	Epoch func(Record)     // after each epoch and after PTQ, when the line is in metrics.jsonl

	Weights func(Weights) // at each evaluation of a stage with epochs, before Epoch
	Survey  func(Survey)  // when the line is in layers.jsonl
	Outputs func(Outputs) // at the end of a stage
}

// StageStart announces a stage.
type StageStart struct {
	Stage        Phase
	Epochs       int // of the stage
	StepsInEpoch int // PTQ: the calibration batches
	Batch        int
	Epoch, Step  int // finished epochs and steps of the stage; more than 0 if it was resumed
}

// Weights are those of the layers, as they would be shipped, batch norm folded in.
type Weights struct {
	Stage Phase
	Step  int         // finished steps of the stage
	Fits  []graph.Fit // only values
}

// Outputs is what the network makes of some inputs of the test split.
type Outputs struct {
	Stage   Phase
	Step    int   // finished steps of the stage
	Samples []int // in the test split
	Labels  []int32
	Values  []float32 // one output after the other
}

// Turn is what milestones set for some layers, from a step on.
type Turn struct {
	Step     int      // finished steps of the QAT stage
	Layers   []string // that are switched alike
	Switches graph.Switches
}

// StepEnd is what a training step found.
type StepEnd struct {
	Stage        Phase
	Epoch        int // the running epoch, counted from 0
	Step         int // finished steps of the stage
	LearningRate float64
	Loss         float64 // of the batch
	Mean         Metrics // over the epoch so far
	Images       int     // of the epoch so far
}

func (e Events) stage(s StageStart) {
	if e.Stage != nil {
		e.Stage(s)
	}
}

func (e Events) turn(t Turn) {
	if e.Turn != nil {
		e.Turn(t)
	}
}

func (e Events) step(s StepEnd) {
	if e.Step != nil {
		e.Step(s)
	}
}

func (e Events) epoch(r Record) {
	if e.Epoch != nil {
		e.Epoch(r)
	}
}

func (e Events) weights(w Weights) {
	if e.Weights != nil {
		e.Weights(w)
	}
}

func (e Events) survey(s Survey) {
	if e.Survey != nil {
		e.Survey(s)
	}
}
