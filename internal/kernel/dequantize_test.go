package kernel

import "testing"

func TestDequantizeRows(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, cols := range lengths {
			checkDequantizeRows[uint8](t, cols, []int32{0, 7, 255})
			checkDequantizeRows[int8](t, cols, []int32{0, -128, 3})
			checkDequantizeRows[int8](t, cols, nil)
		}
	})
}

func checkDequantizeRows[Q Byte](t *testing.T, cols int, z []int32) {
	t.Helper()
	s := []float32{0.5, 0.3, 1e-3}
	q := randomBytes[Q](len(s)*cols, random())
	x := out(len(s) * cols)
	DequantizeRows(x.slice(), q.slice(), s, z)
	x.check(t, "x")
	for i, got := range x.slice() {
		zero := 0.0
		if z != nil {
			zero = float64(z[i/cols])
		}
		if want := float32(float64(s[i/cols]) * (float64(q.slice()[i]) - zero)); got != want {
			t.Fatalf("%d columns: x[%d] = %v, want %v", cols, i, got, want)
		}
	}
}
