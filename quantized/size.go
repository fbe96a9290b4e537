package quantized

import (
	"fmt"
	"strings"
)

// Bytes counts what a layer, or a model, takes.
type Bytes struct {
	Parameters int64 // weights and biases, as numbers
	MACs       int64 // multiply-accumulates of convolutions and linear layers, for one input

	Weights int64 // integer weights as model.safetensors stores them: one byte each
	Packed  int64 // the same without unused bits, as the exports that pack would store them
	Scales  int64 // 4 for each scale of weights and activations
	Zeros   int64 // zero points, in the type of their integers
	Biases  int64 // int32 biases: 4 each
	Float   int64 // weights, biases and slopes, and what normalisations multiply and add in float32: 4 each
}

// Total is the number of bytes of all tensors.
func (b Bytes) Total() int64 { return b.Weights + b.Scales + b.Zeros + b.Biases + b.Float }

// Float32 is the number of bytes of the same parameters in float32.
func (b Bytes) Float32() int64 { return 4 * b.Parameters }

// Float16 is the number of bytes of the same parameters in float16.
func (b Bytes) Float16() int64 { return 2 * b.Parameters }

func (b *Bytes) add(c Bytes) {
	b.Parameters += c.Parameters
	b.MACs += c.MACs
	b.Weights += c.Weights
	b.Packed += c.Packed
	b.Scales += c.Scales
	b.Zeros += c.Zeros
	b.Biases += c.Biases
	b.Float += c.Float
}

// LayerSize is the size of the input (its quantizer) or of a node.
type LayerSize struct {
	Name string
	Op   Op // 0 for the input
	Bytes
}

// Size is a model's size, to the last byte: Header + Total() is the length of
// model.safetensors.
type Size struct {
	Layers []LayerSize // the input, then the nodes in order
	Bytes              // the sum over the layers
	Header int64       // names, types and shapes of the tensors in the file
}

// Size counts the model's bytes. The model is valid.
func (m *Model) Size() Size {
	var s Size
	count := func(name string, op Op, b Bytes) {
		s.Layers = append(s.Layers, LayerSize{name, op, b})
		s.Bytes.add(b)
	}
	count(m.Input.Name, 0, quantBytes(m.Input.Quant))
	for i := range m.Nodes {
		n := &m.Nodes[i]
		var b Bytes
		if !n.Op.PassesThrough() {
			b = quantBytes(n.Output.Quant)
		}
		if n.Weights != nil {
			b.add(weightBytes(n.Weights))
			perOutput := elements(n.Output.Shape) / int64(n.Weights.Shape[0])
			b.MACs = perOutput * int64(n.Weights.Len())
		}
		if n.Bias != nil {
			b.add(Bytes{
				Parameters: int64(len(n.Bias.Q) + len(n.Bias.Float)),
				Biases:     4 * int64(len(n.Bias.Q)),
				Float:      4 * int64(len(n.Bias.Float)),
			})
		}
		b.add(Bytes{Parameters: int64(len(n.Slopes)), Float: 4 * int64(len(n.Slopes))})
		if n.Norm != nil {
			numbers := int64(len(n.Norm.Gamma) + len(n.Norm.Beta))
			b.add(Bytes{Parameters: numbers, Float: 4 * numbers})
		}
		count(n.Name, n.Op, b)
	}
	s.Header = headerBytes(m)
	return s
}

func quantBytes(q Quant) Bytes {
	if q.IsFloat() {
		return Bytes{}
	}
	return Bytes{Scales: 4, Zeros: 1}
}

func weightBytes(w *Weights) Bytes {
	return Bytes{
		Parameters: int64(w.Len()),
		Weights:    int64(len(w.Q)),
		Packed:     (int64(len(w.Q))*int64(w.Format.Bits) + 7) / 8,
		Scales:     4 * int64(len(w.Scale)),
		Zeros:      int64(len(w.Zero)),
		Float:      4 * int64(len(w.Float)),
	}
}

// String says in sentences how large the quantized model is, compared with
// float16 and float32, and why it is more than half of float16.
func (s Size) String() string {
	var b strings.Builder
	total := s.Total()
	fmt.Fprintf(&b, "%s bytes quantized, %s of float16 (%s bytes) and %s of float32 (%s bytes).",
		digits(total), percent(total, s.Float16()), digits(s.Float16()), percent(total, s.Float32()),
		digits(s.Float32()))
	if s.Weights > 0 {
		fmt.Fprintf(&b, " An integer weight takes one byte where float16 takes two, but the model also holds %s "+
			"bytes of scales and %s of zero points, and a bias takes four bytes (%s in all) where float16 takes two",
			digits(s.Scales), digits(s.Zeros), digits(s.Biases))
		if s.Float > 0 {
			fmt.Fprintf(&b, "; %s bytes stayed float32", digits(s.Float))
		}
		fmt.Fprintf(&b, ": so it is %s half.", compare(2*total, s.Float16()))
	}
	if s.Packed < s.Weights {
		fmt.Fprintf(&b, " The weights' %s bytes are one per weight; without the unused bits they would take "+
			"%s, and the model %s.",
			digits(s.Weights), digits(s.Packed), digits(total-s.Weights+s.Packed))
	}
	return b.String()
}

func compare(twice, float16 int64) string {
	switch {
	case twice > float16*5/4:
		return "well above"
	case twice > float16:
		return "a little more than"
	case twice == float16:
		return "exactly"
	default:
		return "less than"
	}
}

func percent(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// digits groups the digits of n by three.
func digits(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
