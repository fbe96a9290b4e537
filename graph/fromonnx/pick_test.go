package fromonnx_test

import (
	"fmt"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/onnxpb"
)

// outputs gives the last node several, NAME and a number.
func (f *file) outputs(n int) *file {
	last := &f.Graph.Nodes[len(f.Graph.Nodes)-1]
	for i := 1; i < n; i++ {
		last.Outputs = append(last.Outputs, fmt.Sprintf("%s.%d", f.last, i))
	}
	return f
}

// slice is a Slice with the given starts, ends, axes and steps.
func (f *file) slice(starts, ends, axes, steps []int64) *file {
	return f.add("Slice", list(f.ints(starts...), f.ints(ends...), f.ints(axes...), f.ints(steps...)))
}

// shuffled shuffles the channels of a value of c channels and h × w pixels.
func (f *file) shuffled(groups, c, h, w int64) *file {
	f.add("Reshape", list(f.ints(0, groups, c/groups, h, w))).add("Transpose", nil, ints("perm", 0, 2, 1, 3, 4))
	return f.add("Reshape", list(f.ints(0, -1, h, w)))
}

// moves are forms of what takes a part, or changes the order of channels.
var moves = []form{
	{"a split in two", func() *file {
		f := newFile(6, 5, 5)
		f.add("Split", nil, integer("axis", 1)).outputs(2)
		return f.add("Mul", list("v0.1")).add("Conv", list(f.random(2, 3, 3, 3)))
	}(), "NCHW", "slice slice mul conv2d"},
	{"a gated linear unit", func() *file {
		f := newFile(6, 5, 5)
		f.add("Split", list(f.ints(2, 4)), integer("axis", 1)).outputs(2)
		f.add("Relu", nil).from("v0.1").slice([]int64{-2}, []int64{1 << 40}, []int64{1}, []int64{1})
		return f.add("Sigmoid", nil).add("Mul", list("v1"))
	}(), "NCHW", "slice slice relu slice sigmoid mul"},
	{"a crop", newFile(3, 6, 7).slice([]int64{1, -4}, []int64{-1, 7}, []int64{2, 3}, []int64{1, 1}), "NCHW", "slice"},
	{"every second pixel", newFile(3, 6, 7).slice([]int64{0, 1}, []int64{6, 7}, []int64{2, 3}, []int64{2, 3}), "NCHW",
		"slice max_pool"},
	{"channels backwards", newFile(3, 4, 4).slice([]int64{-1}, []int64{-9}, []int64{1}, []int64{-1}).
		add("GlobalMaxPool", nil), "NCHW", "max_pool slice slice slice concat"},
	{"features backwards", newFile(3).add("Tanh", nil).slice([]int64{-1}, []int64{-9}, []int64{1}, []int64{-1}), "NC",
		"tanh slice slice slice concat"},
	{"features", func() *file {
		f := newFile(8).slice([]int64{2}, []int64{7}, []int64{1}, []int64{1})
		return f.add("Gemm", list(f.random(5, 3)))
	}(), "NC", "slice linear"},
	{"a part of channels that are last", func() *file {
		f := newFile(4, 4, 6)
		f.add("Split", nil, integer("axis", 3)).outputs(2)
		return f.add("Sub", list("v0.1")).add("Transpose", nil, ints("perm", 0, 3, 1, 2))
	}(), "NHWC", "slice slice sub"},
	{"gathered channels", func() *file {
		f := newFile(6, 5, 5)
		return f.add("Gather", list(f.ints(4, 5, 0, 2)), integer("axis", 1)).add("Relu", nil)
	}(), "NCHW", "slice slice slice concat relu"},
	{"a channel without its axis", func() *file {
		f := newFile(6, 5, 5)
		two := f.initializer(onnxpb.Tensor{Type: onnxpb.Int64, Int64s: []int64{2}})
		return f.add("Gather", list(two), integer("axis", 1)).add("Relu", nil)
	}(), "NCHW", "slice relu"},
	{"a shuffle", func() *file {
		f := newFile(6, 5, 5).shuffled(3, 6, 5, 5)
		return f.add("Conv", list(f.random(4, 3, 3, 3)), integer("group", 2))
	}(), "NCHW", "shuffle conv2d"},
	{"a shuffle of a function", func() *file {
		f := newFile(6, 5, 5).shuffled(2, 6, 5, 5).add("Tanh", nil)
		return f.add("MaxPool", nil, ints("kernel_shape", 2, 2))
	}(), "NCHW", "tanh shuffle max_pool"},
	{"shuffled features", func() *file {
		f := newFile(6)
		f.add("Reshape", list(f.ints(0, 2, 3))).add("Transpose", nil, ints("perm", 0, 2, 1))
		return f.add("Reshape", list(f.ints(0, 6))).add("Gemm", list(f.random(6, 2)))
	}(), "NC", "linear"},
	{"a block of ShuffleNetV2", func() *file {
		f := newFile(8, 5, 5).add("Relu", nil)
		f.add("Split", nil, integer("axis", 1)).outputs(2)
		f.from("v1.1").add("Conv", list(f.random(4, 4, 1, 1))).add("Relu", nil)
		f.from("v1").add("Concat", list("v3"), integer("axis", 1)).shuffled(2, 8, 5, 5)
		f.add("Split", nil, integer("axis", 1)).outputs(2)
		return f.add("Max", list("v8.1"))
	}(), "NCHW", "relu slice slice conv2d relu concat shuffle slice slice max"},
	{"a sum of two orders", func() *file {
		f := newFile(8, 5, 5).add("Relu", nil).shuffled(2, 8, 5, 5)
		return f.add("Add", list("v0"))
	}(), "NCHW", "relu shuffle add"},
	{"differences, maxima and minima", func() *file {
		f := newFile(3, 4, 4).add("Tanh", nil).add("Sub", list("x"))
		f.add("Max", list("v0")).add("Min", list("x"))
		f.add("GlobalAveragePool", nil)
		return f.from("v3").add("Sub", list("v4")).add("Add", list("v4")).add("Min", list("v4"))
	}(), "NCHW", "tanh sub max min global_avg_pool sub add min"},
	{"a vector as the factors of channels", func() *file {
		f := newFile(3, 4, 4).add("GlobalAveragePool", nil).add("Flatten", nil)
		f.add("Gemm", list(f.random(3, 3))).add("Sigmoid", nil).add("Unsqueeze", list(f.ints(2, 3)))
		return f.from("x").add("Mul", list("v4"))
	}(), "NCHW", "global_avg_pool flatten linear sigmoid mul"},
	{"the same with channels last", func() *file {
		f := newFile(5, 5, 3).add("ReduceMean", nil, ints("axes", 1, 2), integer("keepdims", 0))
		f.add("MatMul", list(f.random(3, 3))).add("Sigmoid", nil).add("Reshape", list(f.ints(-1, 1, 1, 3)))
		f.add("Mul", list("x"))
		return f.add("Transpose", nil, ints("perm", 0, 3, 1, 2))
	}(), "NHWC", "global_avg_pool flatten linear sigmoid mul"},
}

// frame is a Pad with a value.
func (f *file) frame(value float32, pads ...int64) *file {
	return f.add("Pad", list(f.ints(pads...), f.floats([]float32{value})))
}

// slopes is a PRelu with random slopes.
func (f *file) slopes(shape ...int) *file { return f.add("PRelu", list(f.random(shape...))) }

// frames are forms of Pad that no other layer can take into its padding.
var frames = []form{
	{"zeros before a function", newFile(2, 5, 5).frame(0, 0, 0, 1, 2, 0, 0, 0, 1).add("Tanh", nil), "NCHW", "pad tanh"},
	{"another constant", newFile(2, 5, 5).add("Tanh", nil).frame(-.5, 0, 0, 1, 2, 0, 0, 0, 1).
		add("MaxPool", nil, ints("kernel_shape", 2, 2)), "NCHW", "tanh pad max_pool"},
	{"channels", func() *file {
		f := newFile(2, 5, 5).frame(0, 0, 1, 0, 0, 0, 2, 0, 0)
		return f.add("Conv", list(f.random(3, 5, 3, 3)))
	}(), "NCHW", "pad conv2d"},
	{"features", func() *file {
		f := newFile(4).frame(.25, 0, 1, 0, 2)
		return f.add("Gemm", list(f.random(7, 3)))
	}(), "NC", "pad linear"},
	{"channels that are last", newFile(5, 6, 2).frame(.5, 0, 1, 0, 0, 0, 2, 1, 1).
		add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Relu", nil), "NHWC", "pad relu"},
	{"signals", newFile(3, 20).frame(0, 0, 0, 2, 0, 0, 1).add("Tanh", nil), "NCL", "pad tanh"},
	{"zeros that could be a maximum", newFile(2, 6, 6).frame(0, 0, 0, 1, 1, 0, 0, 1, 1).
		add("MaxPool", nil, ints("kernel_shape", 2, 2)), "NCHW", "pad max_pool"},
	{"zeros that count before some that do not", newFile(2, 6, 6).frame(0, 0, 0, 1, 1, 0, 0, 1, 1).
		add("AveragePool", nil, ints("kernel_shape", 3, 3), ints("pads", 1, 1, 1, 1)), "NCHW", "pad avg_pool"},
	{"zeros around a sum, of which a part is added", func() *file {
		f := newFile(2, 4, 4)
		f.add("Add", list(f.random(2, 1, 1))).frame(0, 0, 0, 1, 1, 0, 0, 1, 1)
		f.add("Sigmoid", nil).from("v1").add("Flatten", nil)
		return f.from("v2").add("Flatten", nil).add("Add", list("v3"))
	}(), "NCHW", "conv2d pad sigmoid flatten flatten add"},
	{"a slope for each channel", newFile(2, 5, 5).slopes(2, 1, 1), "NCHW", "prelu"},
	{"a slope for each feature", newFile(4).slopes(4), "NC", "prelu"},
	{"slopes of channels that are last", newFile(5, 6, 2).slopes(2).add("Transpose", nil, ints("perm", 0, 3, 1, 2)),
		"NHWC", "prelu"},
	{"a shortcut of ResNet-20", func() *file {
		f := newFile(4, 8, 8).add("Relu", nil)
		f.slice([]int64{0, 0}, []int64{8, 8}, []int64{2, 3}, []int64{2, 2}).frame(0, 0, 2, 0, 0, 0, 2, 0, 0)
		f.from("v0").add("Conv", list(f.random(8, 4, 3, 3)), ints("pads", 1, 1, 1, 1), ints("strides", 2, 2))
		return f.add("Add", list("v2"))
	}(), "NCHW", "relu max_pool pad conv2d add"},
}

func TestFrames(t *testing.T) {
	for _, tt := range frames {
		t.Run(tt.name, tt.check)
	}
}

func TestMoves(t *testing.T) {
	for _, tt := range moves {
		t.Run(tt.name, tt.check)
	}
}

// TestParts: Slice along each axis, from and to each place, in each step.
func TestParts(t *testing.T) {
	count := 0
	for axis := int64(1); axis <= 3; axis++ {
		size := int64(2 + axis)
		for _, step := range []int64{1, 2, 3, -1, -2} {
			for from := range size {
				for to := int64(-size - 1); to < size; to++ {
					f := newFile(3, 4, 5).slice([]int64{from}, []int64{to}, []int64{axis}, []int64{step})
					m, err := fromonnx.Decode(f.add("Tanh", nil).bytes(), "", fromonnx.Options{})
					if err != nil {
						if s := err.Error(); !strings.Contains(s, "(Slice)") && (axis == 1 || step > 0) {
							t.Errorf("axis %d from %d to %d, step %d: %v", axis, from, to, step, err)
						}
						continue
					}
					if err := gives(m); err != nil {
						t.Errorf("axis %d from %d to %d, step %d: %v", axis, from, to, step, err)
					}
					count++
				}
			}
		}
	}
	t.Logf("%d parts", count)
	if count < 150 {
		t.Errorf("%d parts are imported: want more", count)
	}
}

// TestShuffledImages: channels by turns whose pixels are transposed, too, are no shuffle.
func TestShuffledImages(t *testing.T) {
	f := newFile(6, 5, 5).shuffled(2, 6, 5, 5).add("Transpose", nil, ints("perm", 0, 1, 3, 2))
	_, err := fromonnx.Decode(f.add("Conv", list(f.random(4, 6, 3, 3))).bytes(), "", fromonnx.Options{})
	if err == nil || !strings.Contains(err.Error(), "transposed in a way that no layer can do") {
		t.Errorf("got error %v", err)
	}
}
