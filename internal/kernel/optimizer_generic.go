package kernel

import "math"

// adamGeneric is the loop that every path of [Adam] computes. The square root
// of a float32 computed in float64 is correctly rounded.
func adamGeneric(w, m, v, g []float32, k *adamStep) {
	for i := range w {
		d := g[i] + float32(k.decay*w[i])
		m[i] = float32(k.beta1*m[i]) + float32(k.rest1*d)
		v[i] = float32(k.beta2*v[i]) + float32(k.rest2*float32(d*d))
		root := float32(math.Sqrt(float64(v[i] * k.inv2)))
		w[i] -= float32(k.step*m[i]) / (root + k.eps)
	}
}

// sgdGeneric is the loop that every path of [SGD] computes.
func sgdGeneric(w, m, g []float32, k SGDStep) {
	for i := range w {
		d := g[i] + float32(k.WeightDecay*w[i])
		m[i] = float32(k.Momentum*m[i]) + d
		step := m[i]
		if k.Nesterov {
			step = d + float32(k.Momentum*m[i])
		}
		w[i] -= float32(k.LR * step)
	}
}
