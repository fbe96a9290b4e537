package train

import (
	"fmt"
	"time"

	"petrify/graph"
)

// Phase is a part of a run.
type Phase uint8

// The phases, in their order.
const (
	Float Phase = iota // training without quantization
	PTQ                // post-training quantization: ranges are observed, weights stay
	QAT                // quantization-aware training
	Done               // the model is frozen
)

var phases = [...]string{"float", "ptq", "qat", "done"}

// String is "float", "ptq", "qat" or "done".
func (p Phase) String() string {
	if int(p) < len(phases) {
		return phases[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}

// MarshalText writes [Phase.String].
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *Phase) UnmarshalText(text []byte) error {
	i, err := index(phases[:], string(text))
	*p = Phase(i)
	return err
}

// Record is one line of metrics.jsonl: the end of an epoch, or of PTQ, whose
// line has no training in it.
type Record struct {
	Stage           Phase   `json:"stage"`
	Epoch           int     `json:"epoch"` // finished epochs of the stage; 0 for PTQ
	Step            int     `json:"step"`  // finished steps of the stage
	LearningRate    float64 `json:"learning_rate,omitzero"`
	Train           Metrics `json:"train,omitzero"` // mean over the epoch, while the weights changed
	Test            Metrics `json:"test"`
	Validation      Metrics `json:"validation,omitzero"`        // on the images that are held out
	ImagesPerSecond float64 `json:"images_per_second,omitzero"` // of training, without evaluation
	Seconds         float64 `json:"seconds,omitzero"`           // of training, without evaluation

	// Distance is how far the epoch's last forward pass is from the integers that
	// would be shipped; nil: it is them. See [graph.Distance].
	Distance *graph.Difference `json:"distance,omitempty"`

	Oscillating []graph.Oscillating `json:"oscillating,omitempty"` // weights of the QAT stage, where they are watched
}

// tally adds up the results of batches.
type tally struct {
	LossSum float64 // of the images
	Correct int
	Count   int
	Elapsed time.Duration
}

func (t *tally) add(loss float64, correct, count int) {
	t.LossSum += float64(loss * float64(count))
	t.Correct += correct
	t.Count += count
}

func (t tally) metrics() Metrics {
	if t.Count == 0 {
		return Metrics{}
	}
	n := float64(t.Count)
	return Metrics{Accuracy: float64(t.Correct) / n, Loss: t.LossSum / n}
}

// rate is images per second.
func (t tally) rate() float64 {
	if t.Elapsed <= 0 {
		return 0
	}
	return float64(t.Count) / t.Elapsed.Seconds()
}
