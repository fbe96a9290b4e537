package graph

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"petrify/fakequant"
)

// unit is what one node of the frozen network computes: a layer together with
// the batch normalisation and the ReLU that are fused into it. Only the output
// of a unit is quantized, nothing between its parts.
type unit struct {
	layer  Layer
	rule   Rule // that holds for the layer
	inputs []*unit
	ins    []Shape
	out    Shape
	vector bool // the output is a vector
	clip   Kind // KindReLU or KindReLU6 where one ends the unit, else 0
	alone  bool // a batch norm without a convolution to be folded into, see standAlone

	weight, bias *Param     // bias is nil where a batch norm follows
	norm         *batchNorm // nil: none

	slopes    *Param     // of a PReLU
	layerNorm *layerNorm // nil: none

	weights *fakequant.Quantizer // of the weight; nil: stays float
	output  *fakequant.Quantizer // of the output; nil: stays float. Units that move or average share their input's
	given   bool                 // the output's range is its function's by definition
	drop    *rand.PCG            // of a dropout
}

// batchNorm is the state of a batch normalisation.
type batchNorm struct {
	name           string
	gamma, beta    *Param
	mean, variance []float32 // running statistics
	epsilon        float64   // added to the variance
	frozen         bool      // normalise with the running statistics, also in training
	estimate       *estimate // what the running statistics are estimated with, see Reestimate; nil: they follow
}

// The constants of PyTorch's BatchNorm2d.
const (
	normEpsilon  = 1e-5
	normMomentum = 0.1
)

// name is that of the unit's first layer.
func (u *unit) name() string { return u.layer.Name }

// nonNegative reports whether the unit's output is never negative: it ends in
// a ReLU or its like, or only sums, moves or averages what is never negative.
func (u *unit) nonNegative() bool {
	switch k := u.layer.Kind; {
	case u.clip != 0 || k.nonNegative() || k == KindClip && u.layer.Min >= 0:
		return true
	case k == KindSub || k == KindPad && u.layer.Value < 0:
		return false
	case k.is(roleMove, roleMean, roleSum, roleJoin):
		return !slices.ContainsFunc(u.inputs, func(in *unit) bool { return !in.nonNegative() })
	}
	return false
}

// fuse groups the layers into units. A batch norm joins the convolution or
// linear layer before it unless another layer reads that too; a ReLU joins,
// under the same condition, a layer that computes sums, and ends the unit. The
// first unit is the network's input, of no kind.
func fuse(layers []connected) (all []*unit) {
	of := make([]*unit, len(layers)) // the units that compute the layers' outputs
	for i, l := range layers {
		var prev *unit
		single, product := false, false
		if i > 0 {
			at := l.from[0]
			prev, single, product = of[at], layers[at].consumers == 1, layers[at].Kind.is(roleProduct)
		}
		switch {
		case l.Kind.is(roleNorm) && single && product:
			prev.norm = newBatchNorm(l.Layer, prev.out.C)
			of[i] = prev
		case l.Kind.is(roleClip) && single && prev.clip == 0 && prev.layer.Kind.is(roleProduct, roleSum):
			prev.clip = l.Kind
			of[i] = prev
		default:
			of[i] = l.unit(of)
			all = append(all, of[i])
		}
	}
	return all
}

// unit makes a unit that begins with the layer, given the units that compute
// the layers before it.
func (l connected) unit(of []*unit) *unit {
	u := &unit{layer: l.Layer, ins: l.ins, out: l.out, vector: l.vector}
	for _, at := range l.from {
		u.inputs = append(u.inputs, of[at])
	}
	if l.Kind.is(roleNorm) {
		u.standAlone()
	}
	return u
}

func newBatchNorm(l Layer, channels int) *batchNorm {
	n := &batchNorm{
		name:     l.Name,
		gamma:    newParam(l.Name+".weight", RoleScale, channels),
		beta:     newParam(l.Name+".bias", RoleShift, channels),
		mean:     make([]float32, channels),
		variance: make([]float32, channels),
		epsilon:  cmp.Or(l.Epsilon, normEpsilon),
	}
	n.gamma.fill(1)
	for i := range n.variance {
		n.variance[i] = 1
	}
	return n
}

// initialise makes the unit's parameters.
func (u *unit) initialise(rng *rand.Rand) {
	if u.alone {
		u.weight = ones(u.name(), u.out.C)
		return
	}
	if u.layer.Kind == KindDropout {
		u.drop = rand.NewPCG(rng.Uint64(), rng.Uint64())
	}
	if u.layer.Kind == KindPReLU {
		u.slopes = newSlopes(u.layer, u.out.C)
	}
	if u.layer.Kind == KindLayerNorm {
		u.layerNorm = newLayerNorm(u.layer, u.out.C)
	}
	of := rows[u.layer.Kind].weights
	if of == nil {
		return
	}
	u.weight = newParam(u.name()+".weight", RoleWeight, of(u.layer, u.ins[0])...)
	fan := u.layer.fan(u.ins[0])
	if u.layer.Kind == KindConvTranspose {
		u.weight.transposed = u.layer.groups(u.ins[0])
		fan = int64(u.out.C / u.weight.transposed * u.layer.Kernel[0] * u.layer.Kernel[1]) // as PyTorch has it
	}
	u.weight.uniform(fan, rng)
	if u.norm == nil {
		u.bias = newParam(u.name()+".bias", RoleBias, u.out.C)
		u.bias.uniform(fan, rng)
	}
}

// params lists the unit's parameters.
func (u *unit) params() (params []*Param) {
	for _, p := range []*Param{u.weight, u.bias} {
		if p != nil && !p.constant {
			params = append(params, p)
		}
	}
	if u.norm != nil {
		params = append(params, u.norm.gamma, u.norm.beta)
	}
	if u.slopes != nil {
		params = append(params, u.slopes)
	}
	if u.layerNorm != nil {
		params = append(params, u.layerNorm.gamma, u.layerNorm.beta)
	}
	return params
}
