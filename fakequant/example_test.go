package fakequant_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// A linear layer with fake-quantized weights: the product sees the rounded
// weights, the gradient reaches the real ones.
func ExampleNode() {
	weights := []float32{0.9, -0.31, 0.02, -1.27}
	q, err := fakequant.New("fc.weight", fakequant.Bits(4).Weights, 2) // 2 output channels
	if err != nil {
		fmt.Println(err)
		return
	}
	q.SetObserving(true)
	q.SetEnabled(true)

	g := gorgonia.NewGraph()
	w := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("w"), gorgonia.WithShape(2, 2),
		gorgonia.WithValue(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(weights))))
	rounded, _, err := fakequant.Node(q.Use(), w)
	if err != nil {
		fmt.Println(err)
		return
	}
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(rounded)), w)
	if err != nil {
		fmt.Println(err)
		return
	}
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	q.Begin() // a training step
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("rounded  %.3f\n", rounded.Value().Data())
	fmt.Printf("gradient %.3f\n", grads[0].Value().Data())
	// Output:
	// rounded  [0.900 -0.257 0.000 -1.270]
	// gradient [1.000 1.000 1.000 1.000]
}

// A weight that alternates between 2 and 3 is held where it mostly was.
func ExampleOscillations() {
	q, err := fakequant.New("w", fakequant.Config{
		Format:   affine.Format{Bits: 4, Narrow: true},
		Observer: observers.Config{Kind: observers.Fixed, Min: -7, Max: 7}, // a scale of 1
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := []float32{2.4, -5}
	if err := q.Observe(w); err != nil {
		fmt.Println(err)
		return
	}
	o, err := fakequant.NewOscillations(q, len(w), 0.1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := range 30 {
		w[0] = 2.4
		if step%3 == 0 {
			w[0] = 2.6
		}
		if err := o.Track(w); err != nil {
			fmt.Println(err)
			return
		}
	}
	held, err := o.Freeze(w, 0.3)
	fmt.Printf("%.2f turn back; %d held; w = %v; %v\n", o.Frequency(), held, w, err)
	// Output:
	// [0.59 0.00] turn back; 1 held; w = [2 -5]; <nil>
}
