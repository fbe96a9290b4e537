package graph

// MeasureOutputs says in which units the network's outputs are measured, one for each,
// powers of two: the parameters of the last layer with weights, or of its batch norm,
// then have the unit of the output that they make, [Param.Unit]. Where outputs do not each
// come from a channel of such a layer, or other than moved or averaged, nothing changes,
// and the answer is false. With start it also turns the fresh parameters of that layer
// into such as make the outputs units times what they made, plus start.
func (m *Model) MeasureOutputs(units []float64, start []float64) bool {
	u := m.units[len(m.units)-1]
	for u.layer.Kind.is(roleMove, roleMean) && u.layer.Kind != KindPad && len(u.inputs) == 1 && u != m.source {
		u = u.inputs[0]
	}
	if u.weight == nil || u.alone || u.out.C != len(units) || m.Classes() != len(units) {
		return false
	}
	factor, shift := u.weight, u.bias
	if u.norm != nil {
		factor, shift = u.norm.gamma, u.norm.beta
	}
	for k, unit := range units {
		factor.Unit, shift.Unit = append(factor.Unit, float32(unit)), append(shift.Unit, float32(unit))
		if start != nil {
			row := factor.row(k)
			for i := range row {
				row[i] *= float32(unit)
			}
			shift.Value[k] = float32(float64(float64(shift.Value[k])*unit) + start[k])
		}
	}
	return true
}

// row is the values that have the unit k.
func (p *Param) row(k int) []float32 {
	n := len(p.Value) / p.Shape[0]
	return p.Value[k*n : (k+1)*n]
}

// unit is that of element i of a parameter.
func (p *Param) unit(i int) float32 {
	if p.Unit == nil {
		return 1
	}
	return p.Unit[i/(len(p.Value)/len(p.Unit))]
}

// Standardise divides the values of parameters by their units, of which the gradients
// then are multiples as if the network's outputs were measured in 1, calls f, and
// multiplies the values again. As units are powers of two, that rounds nothing.
func Standardise(params []*Param, f func() error) error {
	scale := func(x []float32, p *Param, power func(x, unit float32) float32) {
		for i := range x {
			x[i] = power(x[i], p.unit(i))
		}
	}
	divide := func(x, unit float32) float32 { return x / unit }
	multiply := func(x, unit float32) float32 { return x * unit }
	for _, p := range params {
		if p.Unit != nil {
			scale(p.Value, p, divide)
			scale(p.Grad, p, multiply)
		}
	}
	err := f()
	for _, p := range params {
		if p.Unit != nil {
			scale(p.Value, p, multiply)
		}
	}
	return err
}
