package graph

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Role says what a parameter is for; optimizers treat roles differently.
type Role uint8

// The roles. Weight decay applies only to weights.
const (
	RoleWeight  Role = iota + 1
	RoleBias         // of a convolution or a linear layer
	RoleScale        // γ of a batch normalisation
	RoleShift        // β of a batch normalisation
	RoleLearned      // learned by a quantizer: a step size, a clipping bound
)

// Param is a tensor that training changes. All graphs of a [Model] share it.
type Param struct {
	Name     string // layer and tensor, such as "conv1.weight"
	Role     Role
	Shape    []int
	Value    []float32
	Grad     []float32 // of the last training step; nil before the first
	LRFactor float32   // multiplies the learning rate; 1 but for learned quantizer parameters
	Unit     []float32 // of the values of each row, see MeasureOutputs; nil: all 1

	dense    *tensor.Dense // its backing is Value
	constant bool          // not trained, and not among a model's parameters

	transposed int // the groups of a transposed convolution whose weights these are; 0: others
}

func newParam(name string, role Role, shape ...int) *Param {
	value := make([]float32, tensor.Shape(shape).TotalSize())
	return &Param{
		Name: name, Role: role, Shape: shape, Value: value, LRFactor: 1,
		dense: tensor.New(tensor.WithShape(shape...), tensor.WithBacking(value)),
	}
}

// input adds the parameter to a graph.
func (p *Param) input(g *gorgonia.ExprGraph) *gorgonia.Node {
	return gorgonia.NewTensor(g, tensor.Float32, len(p.Shape),
		gorgonia.WithName(p.Name), gorgonia.WithShape(p.Shape...), gorgonia.WithValue(p.dense))
}

// uniform draws the values from U(−1/√fan, 1/√fan), PyTorch's default for the
// weights and biases of convolutions and linear layers; fan is the number of
// inputs of one output.
func (p *Param) uniform(fan int64, rng *rand.Rand) {
	bound := 1 / math.Sqrt(float64(fan))
	for i := range p.Value {
		p.Value[i] = float32((float64(2*float64(rng.Float64())) - 1) * bound)
	}
}

// fill sets every value to v.
func (p *Param) fill(v float32) {
	for i := range p.Value {
		p.Value[i] = v
	}
}
