// Package analysis measures what quantizing each tensor of a network costs.
//
// A tensor's increase at b bits is the loss of the network with that tensor at b bits
// and every other one at 8, less its loss with that tensor in float32 and every other
// one at 8. All are rounded to nearest, in the ranges that PTQ observes. So each loss is
// that of a network that could ship, and the integer engine computes it.
//
// Such a network differs from the one at 8 bits in the nodes from the tensor on. Only
// those are computed, from activations of the 8-bit network that all share.
package analysis
