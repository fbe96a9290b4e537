package train

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON writes accuracy and loss, what is not 0, and of the task that was measured every
// metric: the worst recall may be 0.
func (m Metrics) MarshalJSON() ([]byte, error) {
	type plain Metrics
	text, err := json.Marshal(plain(m))
	if err != nil {
		return nil, err
	}
	text = text[:len(text)-1]
	for _, of := range tasks[m.task].metrics {
		if of.Of(m) == 0 && of.Key != accuracy.Key && (of.Known == nil || of.Known(m)) {
			text = fmt.Appendf(text, ",%q:0", of.Key)
		}
	}
	return append(text, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes. The task is that whose last metric is there.
func (m *Metrics) UnmarshalJSON(text []byte) error {
	type plain Metrics
	var keys map[string]any
	if err := json.Unmarshal(text, (*plain)(m)); err != nil {
		return err
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		return err
	}
	m.task = AnyTask
	for t, row := range tasks {
		if n := len(row.metrics); n > 0 && keys[row.metrics[n-1].Key] != nil {
			m.task = Task(t)
		}
	}
	if m.WorstClass != "" { // files of earlier versions lack a recall of 0
		m.task = Classification
	}
	return nil
}
