package fromonnx_test

import (
	"fmt"
	"strings"
	"testing"

	"petrify/graph/fromonnx"
	"petrify/internal/onnxpb"
)

// enlargements are all forms of a Resize by the given sizes of a 3×4 image, and of
// an Upsample; each says whether it only repeats elements.
func enlargements(height, width int64, whole bool) map[string]bool {
	all := map[string]bool{}
	for _, by := range []string{"scales", "sizes"} {
		for _, mode := range []string{"nearest", "linear"} {
			for _, place := range []string{"asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"} {
				for _, round := range []string{"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"} {
					repeats := whole && mode == "nearest" && (place == "asymmetric" && round == "floor" ||
						strings.Contains(place, "half_pixel") && strings.Contains(round, "round"))
					all[strings.Join([]string{by, mode, place, round}, " ")] = repeats
				}
			}
		}
	}
	all["upsample"] = whole
	return all
}

// TestEnlargements: what repeats elements is imported and computes what the file
// does; all else is refused.
func TestEnlargements(t *testing.T) {
	for _, size := range []struct {
		height, width int64
		whole         bool
	}{{6, 8, true}, {9, 4, true}, {15, 12, true}, {3, 28, true}, {4, 8, false}, {6, 6, false}, {1, 2, false}} {
		for form, repeats := range enlargements(size.height, size.width, size.whole) {
			f := newFile(2, 3, 4)
			scales := f.floats([]float32{1, 1, float32(size.height) / 3, float32(size.width) / 4}, 4)
			if w := strings.Fields(form); w[0] == "upsample" {
				f.Opsets[0].Version = 9
				f.add("Upsample", list(scales), word("mode", "nearest"))
			} else {
				in := list("", scales)
				if w[0] == "sizes" { // with the batch of the input
					f.add("Shape", nil).add("Slice", list(f.ints(0), f.ints(1)))
					f.add("Concat", list(f.ints(2, size.height, size.width)), integer("axis", 0))
					in = list("", "", f.last)
				}
				f.from("x").add("Resize", in, word("mode", w[1]), word("coordinate_transformation_mode", w[2]),
					word("nearest_mode", w[3]))
			}
			m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
			name := fmt.Sprintf("%s to %d×%d", form, size.height, size.width)
			switch {
			case err != nil && repeats:
				t.Errorf("%s: %v", name, err)
			case err != nil:
				if !strings.Contains(err.Error(), "nearest interpolation by whole factors is imported") {
					t.Errorf("%s: got error %v, want one that says what would help", name, err)
				}
			default:
				if err := gives(m); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

// TestEnlargedSignals: signals have one axis to enlarge, and channels last are
// transposed before and after.
func TestEnlargedSignals(t *testing.T) {
	f := newFile(3, 8)
	signal := f.add("Resize", list("", f.floats([]float32{1, 1, 2}, 3)), word("coordinate_transformation_mode",
		"asymmetric"), word("nearest_mode", "floor"))
	g := newFile(8, 6, 3)
	g.add("Transpose", nil, ints("perm", 0, 3, 1, 2)).add("Resize", list("", g.floats([]float32{1, 1, 2, 3}, 4)))
	for name, file := range map[string]*file{"signal": signal, "channels last": g.add("Transpose", nil,
		ints("perm", 0, 2, 3, 1))} {
		m, err := fromonnx.Decode(file.bytes(), "", fromonnx.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := gives(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := newFile(3, 4, 4)
	h.add("Resize", list("", h.floats([]float32{1, 2, 1, 1}, 4)))
	if _, err := fromonnx.Decode(h.bytes(), "", fromonnx.Options{}); err == nil ||
		!strings.Contains(err.Error(), "channels among them") {
		t.Errorf("channels: got error %v", err)
	}
	h = newFile(3, 4, 4)
	h.Graph.Initializers = append(h.Graph.Initializers, onnxpb.Tensor{Name: "big", Type: onnxpb.Float, Dims: []int64{4},
		Floats: []float32{1, 1, 1 << 24, 1}})
	h.add("Resize", list("", "big"))
	if _, err := fromonnx.Decode(h.bytes(), "", fromonnx.Options{}); err == nil {
		t.Error("an image of 2²⁴ times the rows: got no error")
	}
}

// TestTransposedConvolutions: all geometries and groups, with numbers before and after
// that go into the weights.
func TestTransposedConvolutions(t *testing.T) {
	count := 0
	for _, kernel := range []int64{1, 2, 3, 4} {
		for _, stride := range []int64{1, 2, 3} {
			for _, pads := range [][]int64{nil, {1, 0, 0, 1}, {2, 1, 2, 1}} {
				for _, more := range []onnxpb.Attribute{ints("output_padding", 1, 0), ints("dilations", 2, 1),
					ints("output_shape", 7, 6), word("auto_pad", "SAME_UPPER"), word("auto_pad", "SAME_LOWER")} {
					for _, groups := range []int64{1, 2, 4} {
						f := newFile(4, 3, 3)
						attributes := []onnxpb.Attribute{ints("strides", stride, stride), integer("group", groups),
							more}
						if pads != nil {
							attributes = append(attributes, ints("pads", pads...))
						}
						f.add("Mul", list(f.positive(4, 1, 1))).add("ConvTranspose", list(f.random(4, 2, int(kernel),
							int(kernel)), f.random(int(2*groups))), attributes...)
						f.add("Mul", list(f.random(int(2*groups), 1, 1))).add("Relu", nil)
						m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
						if err != nil {
							continue
						}
						if count++; len(m.Network.Layers) != 2 {
							t.Errorf("kernel %d, stride %d: %d layers", kernel, stride, len(m.Network.Layers))
						}
						if err := gives(m); err != nil {
							t.Errorf("kernel %d, stride %d, pads %v, %s, %d groups: %v", kernel, stride, pads,
								more.Name,
								groups, err)
						}
					}
				}
			}
		}
	}
	if t.Logf("%d imports", count); count < 300 {
		t.Errorf("%d imports, want more", count)
	}
}

func TestTransposedForms(t *testing.T) {
	signal := newFile(3, 8)
	signal.add("ConvTranspose", list(signal.random(3, 2, 4)), ints("strides", 2), ints("pads", 1, 1))
	shifted := newFile(3, 4, 4)
	shifted.add("Add", list(shifted.random(3, 1, 1))).add("ConvTranspose", list(shifted.random(3, 2, 2, 2)),
		ints("strides", 2, 2))
	pixel := newFile(6)
	pixel.add("Reshape", list(pixel.ints(-1, 6, 1, 1))).add("ConvTranspose", list(pixel.random(6, 2, 4, 4)))
	latent := newFile(6)
	latent.add("Reshape", list(latent.ints(-1, 6, 1, 1))).add("ConvTranspose", list(latent.random(6, 2, 3, 4),
		latent.random(4)), ints("pads", 1, 0, 0, 1), ints("dilations", 2, 1), integer("group", 2))
	latent.add("Relu", nil).add("ConvTranspose", list(latent.random(4, 2, 2, 2)), ints("strides", 2, 2))
	for name, f := range map[string]*file{"signal": signal, "shifted": shifted, "pixel": pixel, "latent": latent} {
		m, err := fromonnx.Decode(f.bytes(), "", fromonnx.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := gives(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
