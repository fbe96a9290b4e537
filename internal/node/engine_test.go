package node

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestEngineAdds takes each way in which Gorgonia asks for a sum, on as many
// elements as are worth several processors.
func TestEngineAdds(t *testing.T) {
	const n = 30_000
	dense := func(first float32) *tensor.Dense {
		x := make([]float32, n)
		for i := range x {
			x[i] = first + float32(i)
		}
		return tensor.New(tensor.WithShape(3, n/3), tensor.WithBacking(x), tensor.WithEngine(Engine{}))
	}
	reuse, more := dense(9), dense(1)
	for name, opts := range map[string][]tensor.FuncOpt{
		"a new tensor": nil, "reuse": {tensor.WithReuse(reuse)}, "in place": {tensor.UseUnsafe()},
		"increment": {tensor.WithIncr(more)},
	} {
		a, b := dense(1), dense(2)
		got, err := tensor.Add(a, b, opts...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "reuse" && got != tensor.Tensor(reuse) || name == "in place" && got != tensor.Tensor(a) {
			t.Errorf("%s: the sum is elsewhere", name)
		}
		want := make([]float32, n)
		for i := range want {
			want[i] = 3 + 2*float32(i)
			if name == "increment" {
				want[i] += 1 + float32(i)
			}
		}
		if !slices.Equal(got.Data().([]float32), want) || !got.Shape().Eq(tensor.Shape{3, n / 3}) {
			t.Errorf("%s: wrong sum", name)
		}
	}
	if _, err := tensor.Add(dense(1), tensor.New(tensor.WithShape(5), tensor.Of(tensor.Float32))); err == nil {
		t.Error("a sum of different shapes is no error")
	}
}
