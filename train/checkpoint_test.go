package train

import (
	"bytes"
	"reflect"
	"testing"

	"petrify/graph"
)

func example() checkpoint {
	return checkpoint{
		progress: progress{Serial: 3, Phase: QAT, Epoch: 1, Step: 20,
			Running: tally{LossSum: 0.1, Correct: 3, Count: 7}, Random: []byte{1, 2}},
		config: map[string]string{"seed": "7"},
		states: []graph.State{
			{Name: "a", Shape: []int{2}, F64: []float64{1, 2}},
			{Name: "b", Shape: []int{1}, I64: []int64{-5}},
			{Name: "c", Shape: []int{1, 3}, F32: []float32{1, 2, 3}},
		},
	}
}

func encoded(t testing.TB, c checkpoint) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckpointReadsBack(t *testing.T) {
	want := example()
	got, err := decodeCheckpoint(encoded(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

// Whatever single byte is changed, the checkpoint is refused, or says the same.
func TestCheckpointNoticesEveryChangedByte(t *testing.T) {
	want := example()
	data := encoded(t, want)
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 1
		if got, err := decodeCheckpoint(damaged); err == nil && !reflect.DeepEqual(*got, want) {
			t.Errorf("byte %d changed: read as %+v", i, *got)
		}
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	data := encoded(f, example())
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeCheckpoint(data)
		if err != nil {
			return
		}
		again, err := decodeCheckpoint(encoded(t, *c))
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%+v is written and read as %+v, %v", c, again, err)
		}
	})
}
