package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"petrify/graph"
	"petrify/internal/sample"
)

// between puts layers between a convolution and a linear layer, so that their
// gradients with respect to input and parameters are both in the chain.
func between(layers ...graph.Layer) graph.Network {
	all := append([]graph.Layer{graph.Conv2D(4, 3).Same().Named("first")}, layers...)
	return graph.Chain(append(all, graph.Flatten(), graph.Linear(3).Named("last"))...)
}

// attending is a network with an attention of the given scores, from 3 positions to 5.
func attending(scores, shares graph.Layer) graph.Network {
	scores.Kind, scores.From = graph.KindAttentionScores, []string{"q", "k"}
	strided := func(units, width int, name string) graph.Layer {
		return graph.Layer{Kind: graph.KindConv2D, Units: units, Kernel: [2]int{1, width}, Stride: [2]int{1, width},
			From: []string{"x"}, Name: name}
	}
	return graph.Network{Layers: []graph.Layer{graph.Reshape(graph.Shape{C: 4, H: 1, W: 15}).Named("x"),
		strided(4, 5, "q"), strided(4, 3, "k"), strided(8, 3, "v"), scores.Named("scores"), shares.Taking("scores"),
		graph.AttentionValues("shares", "v").Named("mixed"), graph.Flatten(), graph.Linear(3)}}
}

func TestGradientsOfEachKind(t *testing.T) {
	for name, network := range map[string]graph.Network{
		"conv2d":            between(graph.Conv2D(5, 3)),
		"conv2d strided":    between(graph.Conv2D(5, 3).Same().Strided(2)),
		"conv2d dilated":    between(graph.Conv2D(5, 3).Padded(1).Dilated(2)),
		"conv2d grouped":    between(graph.Conv2D(6, 3).Grouped(2)),
		"conv2d depthwise":  between(graph.DepthwiseConv2D(3).Same()),
		"depthwise strided": between(graph.DepthwiseConv2D(3).Same().Strided(2)),
		"conv2d 1×1":        between(graph.Conv2D(5, 1)),
		"separable":         between(graph.Separable(5, 3)...),
		"conv1d":            between(graph.Conv1D(5, 3)),
		"batch_norm":        between(graph.Conv2D(5, 3), graph.BatchNorm()),
		"batch_norm relu":   between(graph.Conv2D(5, 3), graph.BatchNorm(), graph.ReLU()),
		"batch_norm relu6":  between(graph.Conv2D(5, 3), graph.BatchNorm(), graph.ReLU6()),
		"linear batch_norm": between(graph.Flatten(), graph.Linear(6), graph.BatchNorm()),
		"batch_norm epsilon": between(graph.Conv2D(5, 3),
			graph.Layer{Kind: graph.KindBatchNorm, Epsilon: 0.5}, graph.ReLU()),
		"epsilon alone":    between(graph.Tanh(), graph.Layer{Kind: graph.KindBatchNorm, Epsilon: 0.5}),
		"batch_norm alone": between(graph.Tanh(), graph.BatchNorm()),
		"alone with relu":  between(graph.Tanh(), graph.BatchNorm(), graph.ReLU()),
		"alone on vectors": between(graph.Flatten(), graph.Linear(6), graph.Tanh(), graph.BatchNorm(),
			graph.ReLU6()),
		"alone on the input": graph.Chain(graph.BatchNorm(), graph.Conv2D(4, 3), graph.Flatten(), graph.Linear(3)),
		"alone on a branch": between(graph.BatchNorm().Named("bn"), graph.ReLU().Named("r"),
			graph.Add("first", "r")),
		"mul": between(graph.Conv2D(2, 1).Named("a"), graph.Conv2D(2, 1).Taking("first").Named("b"),
			graph.Mul("a", "b")),
		"sub": between(graph.Conv2D(2, 1).Named("a"), graph.Conv2D(2, 1).Taking("first").Named("b"),
			graph.Sub("a", "b"), graph.ReLU()),
		"max of two": between(graph.Conv2D(2, 1).Named("a"), graph.Conv2D(2, 1).Taking("first").Named("b"),
			graph.Max("a", "b")),
		"max of equals": between(graph.Conv2D(2, 1).Named("a"), graph.Max("a", "a")),
		"min of channels": between(graph.Conv2D(3, 1).Named("a"), graph.GlobalAvgPool().Named("b"),
			graph.Min("a", "b")),
		"add to channels": between(graph.Conv2D(3, 1).Named("a"), graph.GlobalAvgPool().Named("b"),
			graph.Add("a", "b"), graph.ReLU6()),
		"sub of channels": between(graph.Conv2D(3, 1).Named("a"), graph.GlobalAvgPool().Named("b"),
			graph.Sub("a", "b")),
		"slice": between(graph.Conv2D(5, 1), graph.Layer{Kind: graph.KindSlice, Channels: [2]int{1, 4},
			Rows: [2]int{1, 3}, Columns: [2]int{0, 2}}),
		"slice of vectors": between(graph.Flatten(), graph.Linear(6), graph.Slice(2, 5), graph.Slice(0, 2)),
		"pad": between(graph.Conv2D(2, 1), graph.Layer{Kind: graph.KindPad, Value: -0.3,
			Padding: graph.Padding{Top: 1, Left: 2, Right: 1}, ExtraChannels: [2]int{0, 2}}, graph.Conv2D(3, 3)),
		"pad of vectors": between(graph.Flatten(), graph.Linear(6),
			graph.Layer{Kind: graph.KindPad, ExtraChannels: [2]int{2, 1}}),
		"shuffle":       between(graph.Conv2D(6, 1), graph.Shuffle(2), graph.Shuffle(3)),
		"mul by itself": between(graph.Conv2D(2, 1).Named("a"), graph.Mul("a", "a")),
		"mul relu6": between(graph.Conv2D(2, 1).Named("a"), graph.Conv2D(2, 1).Taking("first").Named("b"),
			graph.Mul("a", "b"), graph.ReLU6()),
		"squeeze and excite": between(graph.Conv2D(3, 1).Named("a"), graph.GlobalAvgPool(), graph.Conv2D(3, 1),
			graph.Sigmoid().Named("gate"), graph.Mul("a", "gate")),
		"twice in a row":     between(graph.BatchNorm(), graph.Tanh(), graph.BatchNorm(), graph.BatchNorm()),
		"relu":               between(graph.ReLU()),
		"relu6 alone":        between(graph.MaxPool(2), graph.ReLU6()),
		"leaky_relu":         between(graph.LeakyReLU(0.1)),
		"prelu":              between(graph.Conv2D(4, 1), graph.PReLU()),
		"prelu of vectors":   between(graph.Flatten(), graph.Linear(6), graph.PReLU()),
		"leaky_relu folds":   between(graph.LeakyReLU(-1.5)),
		"clip":               between(graph.Clip(-0.2, 0.3)),
		"clip from below":    between(graph.Clip(0.1, graph.Unbounded)),
		"hard_swish":         between(graph.HardSwish()),
		"sigmoid":            between(graph.Sigmoid()),
		"tanh":               between(graph.Tanh()),
		"softmax":            between(graph.Flatten(), graph.Linear(6), graph.Softmax()),
		"softmax of pixels":  between(graph.Softmax()),
		"attention":          attending(graph.Layer{Heads: 2}, graph.Softmax().Named("shares")),
		"attention, clipped": attending(graph.Layer{Heads: 4, Scale: 3}, graph.ReLU6().Named("shares")),
		"attention to itself": {Layers: []graph.Layer{graph.Reshape(graph.Shape{C: 4, H: 1, W: 15}).Named("x"),
			graph.AttentionScores(1, "x", "x"), graph.Softmax().Named("p"), graph.AttentionValues("p", "x"),
			graph.Flatten(), graph.Linear(3)}},
		"layer_norm":      between(graph.LayerNorm()),
		"layer_norm relu": between(graph.LayerNorm(), graph.ReLU()),
		"layer_norm epsilon": between(graph.Layer{Kind: graph.KindLayerNorm, Epsilon: 0.5}, graph.GELU(),
			graph.LayerNorm()),
		"layer_norm of vectors": between(graph.Flatten(), graph.Linear(6), graph.LayerNorm()),
		"layer_norm of one":     between(graph.Conv2D(1, 1), graph.LayerNorm(), graph.Conv2D(2, 1)),
		"max_pool":              between(graph.MaxPool(2)),
		"max_pool overlaps":     between(graph.MaxPool(3).Strided(2).Padded(1)),
		"avg_pool":              between(graph.AvgPool(2)),
		"avg_pool padded":       between(graph.AvgPool(3).Strided(2).Padded(1)),
		"avg_pool counts": between(graph.Layer{Kind: graph.KindAvgPool, Kernel: [2]int{3, 2}, Stride: [2]int{2, 1},
			Padding: graph.Padding{Top: 2, Right: 1}, CountIncludePad: true}),
		"avg_pool counts, beyond": between(graph.Layer{Kind: graph.KindAvgPool, Kernel: [2]int{3, 4},
			Stride:  [2]int{2, 2},
			Padding: graph.Padding{Top: 1, Right: 1}, CeilMode: true, CountIncludePad: true}),
		"max_pool beyond": between(graph.Layer{Kind: graph.KindMaxPool, Kernel: [2]int{2, 4}, CeilMode: true}),
		"global_avg_pool": between(graph.GlobalAvgPool()),
		"reshape":         between(graph.Reshape(graph.Shape{C: 6, H: 5, W: 4}), graph.Conv2D(3, 3)),
		"reshape of vectors": between(graph.Flatten(), graph.Linear(12),
			graph.Reshape(graph.Shape{C: 3, H: 2, W: 2}), graph.Conv2D(3, 2)),
		"reshape to one pixel": between(graph.Flatten(), graph.Linear(12),
			graph.Reshape(graph.Shape{C: 12, H: 1, W: 1}), graph.DepthwiseConv2D(1)),
		"conv_transpose": between(graph.ConvTranspose2D(3, 3, 2)),
		"conv_transpose batch_norm relu": between(graph.ConvTranspose2D(3, 4, 2).Padded(1), graph.BatchNorm(),
			graph.ReLU()),
		"resize":       between(graph.Resize(2), graph.Conv2D(3, 3)),
		"resize 3×1":   between(graph.Layer{Kind: graph.KindResize, Factor: [2]int{3, 1}}, graph.Conv2D(3, 3)),
		"resize twice": between(graph.Resize(2), graph.Layer{Kind: graph.KindResize, Factor: [2]int{1, 2}}),
		"identity":     between(graph.Identity()),
		"add": between(graph.Conv2D(4, 3).Same().Named("branch"), graph.ReLU().Named("r"),
			graph.Add("first", "r"), graph.ReLU()),
		"add of one to itself": between(graph.Add("first", "first")),
		"concat": between(graph.Conv2D(3, 1).Named("branch"),
			graph.Concat("branch", "first", "branch"), graph.Conv2D(3, 3)),
		"mean_square": {Layers: []graph.Layer{
			graph.Flatten(), graph.Linear(7), graph.BatchNorm(), graph.Tanh(), graph.Linear(2 * 5 * 6)},
			Loss: graph.MeanSquare},
	} {
		t.Run(name, func(t *testing.T) { compareInFloat(t, network, graph.Shape{C: 2, H: 5, W: 6}) })
	}
}

// compareInFloat compares gradients with the slopes of a loss in float64.
func compareInFloat(t *testing.T, n graph.Network, in graph.Shape) {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	of := func(int) graph.Switches { return graph.Switches{} }
	enough(t, training{network: n, in: in}.compare(t, rng, 1, of), 1, 1)
}

// Windows of all geometries, on images that they do and do not divide.
func TestGradientsOfWindows(t *testing.T) {
	count := 0
	for _, kernel := range [][2]int{{1, 1}, {2, 2}, {3, 3}, {1, 3}, {3, 2}} {
		for _, stride := range [][2]int{{0, 0}, {1, 1}, {2, 2}, {3, 1}} {
			for _, dilation := range [][2]int{{0, 0}, {2, 2}, {1, 3}} {
				for _, p := range []graph.Padding{{}, {Same: true}, {Top: 1}, {Left: 1, Bottom: 1, Right: 1}} {
					for _, l := range windows(graph.Layer{Kernel: kernel, Stride: stride, Dilation: dilation,
						Padding: p}) {
						in := graph.Shape{C: 4, H: 5 + count%2, W: 4 + count%3}
						n := graph.Chain(graph.Conv2D(4, 1), l.Named("window"), graph.Flatten(), graph.Linear(3))
						if n.Validate(in) != nil {
							continue
						}
						if count++; sample.Skips(count, 6) {
							continue
						}
						compareInFloat(t, n, in)
						if t.Failed() {
							t.Fatalf("%+v on %v", l, in)
						}
					}
				}
			}
		}
	}
	t.Logf("%d geometries", count)
}

// windows are the layers with a window of a geometry; those that do not exist
// are invalid.
func windows(l graph.Layer) (all []graph.Layer) {
	for _, groups := range []int{0, 2, graph.Depthwise} {
		conv := l
		conv.Kind, conv.Groups, conv.Units = graph.KindConv2D, groups, 8
		all = append(all, conv)
	}
	for _, k := range []graph.Kind{graph.KindMaxPool, graph.KindAvgPool} {
		pool := l
		pool.Kind = k
		all = append(all, pool)
	}
	return all
}

func TestDropout(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m, err := graph.New(graph.Chain(graph.Dropout(0.25).Named("drop"), graph.Flatten(), graph.Linear(2)),
		graph.Shape{C: 1, H: 20, W: 50}, graph.Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := m.Trainer(4, false)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	x := make([]float32, 4*m.Input().Size())
	for i := range x {
		x[i] = 1
	}
	if _, err := trainer.Step(x, []int32{0, -1, -1, -1}); err != nil {
		t.Fatal(err)
	}
	e, err := m.Evaluator(4, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Run(x, make([]int32, 4)); err != nil {
		t.Fatal(err)
	}
	out, err := e.Output("drop")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range out {
		if v != 1 {
			t.Fatal("dropout acts in evaluation")
		}
	}
	// With one image, a weight's gradient is its masked input times the logit's
	// gradient: 0 where the element was dropped, the same for all others.
	grad := m.Params()[0].Grad[:1000]
	zeros, kept := 0, float32(0)
	for _, g := range grad {
		if g == 0 {
			zeros++
		} else if kept = max(kept, -g); -g != kept {
			t.Fatalf("gradients %v and %v of elements that are kept", -g, kept)
		}
	}
	if share := float64(zeros) / 1000; math.Abs(share-0.25) > 0.05 {
		t.Errorf("%.3f of the elements are dropped, want 0.25", share)
	}
	if logit := -m.Params()[1].Grad[0]; math.Abs(float64(kept/logit)-1/0.75) > 1e-5 {
		t.Errorf("kept elements are scaled by %v, want 1/0.75", kept/logit)
	}
}
