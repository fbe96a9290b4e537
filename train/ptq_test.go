package train

import (
	"reflect"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// TestPTQRenormalisesFewBits: with few bits and no training to come, batch norm
// takes the statistics of the quantized sums if the loss falls. Otherwise the float
// network's stay.
func TestPTQRenormalisesFewBits(t *testing.T) {
	for _, test := range []struct {
		name   string
		scheme fakequant.Scheme
		epochs int // of QAT
		stays  bool
	}{
		{"2 bits", fakequant.Bits(2), 0, false},
		{"3 bits before QAT", fakequant.Bits(3), 1, true},
		{"8 bits", fakequant.Int8(), 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := small(t)
			c.Network.Layers = slices.Insert(slices.Clone(c.Network.Layers), 3,
				graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU(),
				graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU())
			c.Quantization, c.QAT.Epochs = graph.Uniform(test.scheme), test.epochs
			c.PTQ = Repair{BiasCorrection: No, GPTQ: No}
			r, err := start(c.resolve())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.advance(t.Context()); err != nil {
				t.Fatal(err)
			}
			float := clone(floatState(r.model))
			if err := r.calibrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := reflect.DeepEqual(floatState(r.model), float); got != test.stays {
				t.Errorf("the float network's statistics stay: %v, want %v", got, test.stays)
			}
		})
	}
}
