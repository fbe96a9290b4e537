package quantized

import "math"

// Function is the activation function of an [Activate] node that maps one number
// to one, in float64: all but the softmax.
//
//	leaky_relu(x) = max(x, 0) + slope·min(x, 0)        hard_swish(x) = x·min(max(0, x+3), 6)/6
func (n *Node) Function() func(x float64) float64 {
	switch n.Func {
	case ReLU:
		return func(x float64) float64 { return max(x, 0) }
	case ReLU6:
		return func(x float64) float64 { return min(max(x, 0), 6) }
	case LeakyReLU:
		slope := float64(n.Slope)
		return func(x float64) float64 { return max(x, 0) + slope*min(x, 0) }
	case HardSwish:
		return func(x float64) float64 { return x * min(max(0, x+3), 6) / 6 }
	case Sigmoid:
		return func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	default:
		return math.Tanh
	}
}
