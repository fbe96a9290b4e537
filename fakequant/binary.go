package fakequant

// newBinary gives each weight one of two values, ±s:
//
//	y  = s·sign(x)        s = E|x| of the group, sign(0) = +1
//	dx = dy
//
// 0 is not among the values. This s minimises the squared distance to x.
//
// Source: M. Rastegari, V. Ordonez, J. Redmon and A. Farhadi, "XNOR-Net:
// ImageNet Classification Using Binary Convolutional Neural Networks", ECCV
// 2016, eq. 6; the gradient is that of DoReFa-Net, arXiv:1606.06160, eq. 7.
func newBinary(c *core) method { return newLevels(c, 0) }

// newLearnedBinary is the same with a scale that learns, see [learnedLevels].
func newLearnedBinary(c *core) method { return newLearnedLevels(c, 0) }
