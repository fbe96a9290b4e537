//go:build (!amd64 && !arm64) || noasm

package kernel

func minMaxBlock(x []float32) span { return minMaxGeneric(x) }

func fakeQuantBlock(y, x []float32, g grid) { fakeQuantGeneric(y, x, g) }

func fakeQuantGradBlock(dx, dy, x []float32, l limits) { fakeQuantGradGeneric(dx, dy, x, l) }

func quantizeBlock[Q Byte](q []Q, x []float32, g grid, z int32) { quantizeGeneric(q, x, g, z) }

func dequantizeBlock[Q Byte](x []float32, q []Q, s float32, z int32) { dequantizeGeneric(x, q, s, z) }

func reluBlock(y, x []float32, ceiling float32) { reluGeneric(y, x, ceiling) }

func addBlock(y, a, b []float32) { addGeneric(y, a, b) }

func addReLUBlock(y, a, b []float32, ceiling float32) { addReLUGeneric(y, a, b, ceiling) }

func reluGradBlock(dx, dy, x []float32, ceiling float32) { reluGradGeneric(dx, dy, x, ceiling) }

func adamBlock(w, m, v, g []float32, k *adamStep) { adamGeneric(w, m, v, g, k) }

func sgdBlock(w, m, g []float32, k SGDStep) { sgdGeneric(w, m, g, k) }
