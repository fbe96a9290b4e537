package graph

import (
	"math/rand/v2"

	"petrify/fakequant"
)

// unit is what one node of the frozen network computes: a layer together with
// the batch normalisation and the ReLU that are fused into it. Between the
// parts of a unit nothing is quantized; at its end its output is.
type unit struct {
	layer Layer
	in    Shape
	out   Shape
	relu  bool // a ReLU ends the unit
	last  bool // the network's output

	weight, bias *Param     // bias is nil where a batch norm follows
	norm         *batchNorm // nil: none

	weights *fakequant.Quantizer // of the weight; nil: stays float
	output  *fakequant.Quantizer // of the output; nil: stays float, or keeps its input's (see keeps)
}

// batchNorm is the state of a batch normalisation.
type batchNorm struct {
	name           string
	gamma, beta    *Param
	mean, variance []float32 // running statistics
	frozen         bool      // normalise with the running statistics, also in training
}

// The constants of PyTorch's BatchNorm2d.
const (
	normEpsilon  = 1e-5
	normMomentum = 0.1
)

// name is that of the unit's first layer.
func (u *unit) name() string { return u.layer.Name }

// keeps reports whether the unit only selects or moves elements, so that its
// output has the scale of its input.
func (u *unit) keeps() bool {
	return u.layer.Kind == KindMaxPool || u.layer.Kind == KindFlatten
}

// fan is the number of inputs of one output.
func (u *unit) fan() int {
	if u.layer.Kind == KindConv2D {
		return u.in.C * u.layer.Kernel[0] * u.layer.Kernel[1]
	}
	return u.in.C
}

// fuse groups the layers into units.
func fuse(layers []Layer, shapes []Shape, in Shape) []*unit {
	var units []*unit
	for i, l := range layers {
		var prev *unit
		if len(units) > 0 {
			prev = units[len(units)-1]
		}
		switch {
		case l.Kind == KindBatchNorm:
			prev.norm = newBatchNorm(l.Name, prev.out.C)
		case l.Kind == KindReLU && prev != nil && prev.layer.weighted() && !prev.relu:
			prev.relu = true
		default:
			u := &unit{layer: l, in: in, out: shapes[i], relu: l.Kind == KindReLU}
			units = append(units, u)
		}
		in = shapes[i]
	}
	units[len(units)-1].last = true
	return units
}

func newBatchNorm(name string, channels int) *batchNorm {
	n := &batchNorm{
		name:     name,
		gamma:    newParam(name+".weight", RoleScale, channels),
		beta:     newParam(name+".bias", RoleShift, channels),
		mean:     make([]float32, channels),
		variance: make([]float32, channels),
	}
	n.gamma.fill(1)
	for i := range n.variance {
		n.variance[i] = 1
	}
	return n
}

// initialise makes the unit's parameters.
func (u *unit) initialise(rng *rand.Rand) {
	switch u.layer.Kind {
	case KindConv2D:
		u.weight = newParam(u.name()+".weight", RoleWeight, u.out.C, u.in.C, u.layer.Kernel[0], u.layer.Kernel[1])
	case KindLinear:
		u.weight = newParam(u.name()+".weight", RoleWeight, u.out.C, u.in.C)
	default:
		return
	}
	u.weight.uniform(u.fan(), rng)
	if u.norm == nil {
		u.bias = newParam(u.name()+".bias", RoleBias, u.out.C)
		u.bias.uniform(u.fan(), rng)
	}
}

// params lists the unit's parameters.
func (u *unit) params() (params []*Param) {
	for _, p := range []*Param{u.weight, u.bias} {
		if p != nil {
			params = append(params, p)
		}
	}
	if u.norm != nil {
		params = append(params, u.norm.gamma, u.norm.beta)
	}
	return params
}
