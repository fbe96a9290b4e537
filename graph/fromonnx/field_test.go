package fromonnx_test

import (
	"fmt"
	"testing"

	"petrify/internal/onnxpb"
)

// fieldForms are forms that a generator of files found to be written by
// exporters, and that were refused, or computed something else.
var fieldForms = []form{
	{"squeeze and excite with dense layers", func() *file {
		f := newFile(3, 4, 5).add("GlobalAveragePool", nil)
		f.add("Reshape", list(f.ints(0, -1))).add("Gemm", list(f.random(3, 3))).add("Sigmoid", nil)
		return f.add("Reshape", list(f.ints(-1, 3, 1, 1))).add("Mul", list("x"))
	}(), "NCHW", "global_avg_pool flatten linear sigmoid mul"},
	{"squeeze and excite with dense layers and channels last", func() *file {
		f := newFile(4, 5, 3)
		f.add("ReduceMean", nil, ints("axes", 1, 2), integer("keepdims", 0)).add("Gemm",
			list(f.random(3, 3))).add("Sigmoid", nil)
		return f.add("Reshape", list(f.ints(-1, 1, 1, 3))).add("Mul", list("x"))
	}(), "NHWC", "global_avg_pool flatten linear sigmoid mul"},
	{"squeeze and excite of one pixel", func() *file {
		f := newFile(3, 3, 3)
		f.add("Conv", list(f.random(4, 3, 3, 3))).add("Reshape", list(f.ints(0, 4))).add("Gemm", list(f.random(4, 4)))
		return f.add("Reshape", list(f.ints(-1, 4, 1, 1))).add("Mul", list("v0"))
	}(), "NCHW", "conv2d flatten linear mul"},
	{"a Pad of channels last before a convolution", func() *file {
		f := newFile(5, 6, 3)
		f.add("Pad", list(f.ints(0, 0, 1, 0, 0, 1, 2, 0))).add("Transpose", nil, ints("perm", 0, 3, 1, 2))
		return f.add("Conv", list(f.random(4, 3, 3, 3)), ints("strides", 2, 2))
	}(), "NHWC", "conv2d"},
	{"a Pad of signals with channels last", func() *file {
		f := newFile(20, 3)
		f.add("Pad", list(f.ints(0, 4, 0, 0, 0, 0))).add("Transpose", nil, ints("perm", 0, 2, 1))
		return f.add("Conv", list(f.random(4, 3, 5))).add("Relu", nil)
	}(), "NLC", "conv2d relu"},
	{"two Pads of channels last", func() *file {
		f := newFile(5, 6, 3)
		f.add("Pad", list(f.ints(0, 0, 1, 0, 0, 1, 2, 0))).add("Pad", list(f.ints(0, 1, 0, 0, 0, 0, 0, 0)))
		return f.add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Conv", list(f.random(4, 3, 4, 4)))
	}(), "NHWC", "conv2d"},
	{"a Pad as wide as a pool's window", func() *file {
		f := newFile(2, 6, 6)
		f.add("Relu", nil).add("Pad", list(f.ints(0, 0, 2, 0, 0, 0, 0, 0)))
		return f.add("MaxPool", nil, ints("kernel_shape", 2, 2), ints("strides", 2, 2))
	}(), "NCHW", "relu pad max_pool"},
	{"a sum of three values", func() *file {
		return newFile(3, 4, 4).add("Tanh", nil).from("x").add("Relu", nil).from("x").add("Sum", list("v0", "v1"))
	}(), "NCHW", "tanh relu add add"},
	{"a mean over the height, and then over the width", func() *file {
		f := newFile(3, 4, 5).add("ReduceMean", nil, ints("axes", 2), integer("keepdims", 0))
		return f.add("ReduceMean", nil, ints("axes", 2), integer("keepdims", 0))
	}(), "NCHW", "avg_pool global_avg_pool flatten"},
	{"a mean over the width", func() *file {
		return newFile(3, 4, 5).add("ReduceMean", nil, ints("axes", -1))
	}(), "NCHW", "avg_pool"},
	{"a maximum over the height of channels last", func() *file {
		f := newFile(4, 5, 3).add("Transpose", nil, ints("perm", 0, 3, 1, 2))
		f.add("Conv", list(f.random(4, 3, 1, 1))).add("Transpose", nil, ints("perm", 0, 2, 3, 1))
		return f.add("ReduceMax", nil, ints("axes", 1)).add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Relu", nil)
	}(), "NHWC", "conv2d max_pool relu"},
	{"constants that the first operators broadcast from an axis on", func() *file {
		f := newFile(3, 4, 4)
		f.Opsets[0].Version = 6
		f.add("Tanh", nil).add("Mul", list(f.random(3)), integer("broadcast", 1), integer("axis", 1))
		return f.add("Add", list(f.random(3)), integer("broadcast", 1), integer("axis", 1)).add("Tanh", nil)
	}(), "NCHW", "tanh conv2d tanh"},
	{"numbers of half precision", func() *file {
		f := newFile(3, 4, 4)
		f.Graph.Inputs[0].Type = onnxpb.Float16
		halves := f.floats([]float32{.5, -.25, 2, 1.5, -1, .125}, 2, 3, 1, 1)
		f.Graph.Initializers[0] = onnxpb.Tensor{Name: halves, Type: onnxpb.Float16, Dims: []int64{2, 3, 1, 1},
			Int32s: []int64{0x3800, 0xb400, 0x4000, 0x3e00, 0xbc00, 0x3000}}
		return f.add("Conv", list(halves)).add("Tanh", nil).output("v1", onnxpb.Float16)
	}(), "NCHW", "conv2d tanh"},
}

func TestFieldForms(t *testing.T) { testForms(t, fieldForms) }

// TestReductions: means, sums and maxima over each set of axes, in each layout,
// compute what the file does, or are refused.
func TestReductions(t *testing.T) {
	imports := 0
	for _, op := range []string{"ReduceMean", "ReduceSum", "ReduceMax"} {
		for _, perm := range [][]int64{{0, 1, 2, 3}, {0, 2, 3, 1}, {0, 3, 2, 1}} {
			for set := 1; set < 8; set++ {
				for keep := range int64(2) {
					f := newFile(3, 4, 5)
					f.add("Conv", list(f.random(3, 3, 1, 1))).add("Transpose", nil, ints("perm", perm...))
					var axes []int64
					for axis := range int64(3) {
						if set>>axis&1 != 0 {
							axes = append(axes, axis+1)
						}
					}
					if op == "ReduceSum" {
						f.add(op, list(f.ints(axes...)), integer("keepdims", keep))
					} else {
						f.add(op, nil, ints("axes", axes...), integer("keepdims", keep))
					}
					features := 60
					for _, axis := range axes {
						features /= []int{3, 4, 5}[perm[axis]-1]
					}
					f.add("Reshape", list(f.ints(0, -1))).add("MatMul", list(f.random(features, 4)))
					if imported := computesTheSame(t, fmt.Sprint(op, perm, axes, keep), f); imported {
						imports++
					}
				}
			}
		}
	}
	if want := 3 * 3 * 3 * 2; imports != want { // rows, columns and both
		t.Errorf("%d were imported, want %d", imports, want)
	}
}
