package integer

import "testing"

// The ceiling of a ReLU6 of its own is 6/s in float32, and halves go away from zero:
// here 31.5, where float64 has 31.4999994. TensorFlow Lite and LiteRT give 32.
func TestCeilingOfReLU6(t *testing.T) {
	x := grid{scale: 0.19732863, min: -31, max: 31}
	y := grid{scale: 0.1904762, max: 63}
	greatest := uint8(0)
	for _, q := range *reluFixed(x, y, 6) {
		greatest = max(greatest, q)
	}
	if greatest != 32 {
		t.Errorf("the greatest integer is %d, want 32", greatest)
	}
}
