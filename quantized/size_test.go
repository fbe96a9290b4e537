package quantized_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

func resnet8(s quantizedtest.Scheme) *quantized.Model {
	_, m := quantizedtest.ResNet8(rand.New(rand.NewPCG(5, 6)), s)
	return m
}

// TestMACs compares with the counts that are published for MLPerf Tiny: 12.50,
// 2.66, 7.49 and 0.26 million.
func TestMACs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		build func(*rand.Rand, quantizedtest.Scheme) (*quantizedtest.Builder, *quantized.Model)
		want  int64
	}{
		{"ResNet-8", quantizedtest.ResNet8, 12_501_632},
		{"DS-CNN", quantizedtest.DSCNN, 2_656_768},
		{"MobileNetV1 0.25", quantizedtest.MobileNet, 7_489_664},
		{"autoencoder", quantizedtest.Autoencoder, 264_192},
	} {
		_, m := tt.build(rand.New(rand.NewPCG(5, 6)), quantizedtest.W8A8)
		if got := m.Size().MACs; got != tt.want {
			t.Errorf("%s: got %d multiply-accumulates, want %d", tt.name, got, tt.want)
		}
	}
}

// TestPackedWeightsEndInAWholeByte: 3 × 5 weights of 4 bits take 8 bytes.
func TestPackedWeightsEndInAWholeByte(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W4A8, 5)
	s := b.Model(b.Linear(b.Input(), 3, quantized.Identity)).Size()
	if s.Weights != 15 || s.Packed != 8 {
		t.Errorf("%d bytes of weights, %d packed, want 15 and 8", s.Weights, s.Packed)
	}
}

// Two values take a bit, three take two.
func TestPackedBytesOfFewValues(t *testing.T) {
	for want, scheme := range map[int64]quantizedtest.Scheme{3: quantizedtest.Binary, 5: quantizedtest.Ternary} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 6)
		s := b.Model(b.Linear(b.Input(), 3, quantized.Identity)).Size()
		if s.Weights != 18 || s.Packed != want {
			t.Errorf("%v: %d bytes of weights, %d packed, want 18 and %d", scheme.Weights, s.Weights, s.Packed, want)
		}
	}
}

func TestSizeOfResNet8(t *testing.T) {
	s := resnet8(quantizedtest.W8A8).Size()
	const weights, biases = 77360, 16 + 2*16 + 3*32 + 3*64 + 10
	for _, tt := range []struct {
		name      string
		got, want int64
	}{
		{"multiply-accumulates", s.MACs, 12_501_632},
		{"weights", s.Weights, weights},
		{"packed weights", s.Packed, weights},
		{"biases", s.Biases, 4 * biases},
		{"scales", s.Scales, 4 * (biases + 15)}, // one per channel; input, 9 convolutions, 3 sums, average, linear
		{"zero points", s.Zeros, 15},
		{"float", s.Float, 0},
		{"float32", s.Float32(), 4 * (weights + biases)},
		{"float16", s.Float16(), 2 * (weights + biases)},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, tt.got, tt.want)
		}
	}
	if !strings.Contains(s.String(), "a little more than half") {
		t.Errorf("got %q", s)
	}
}

func TestSizeIsTheFiles(t *testing.T) {
	blocks := quantizedtest.WeightOnly
	blocks.Block = 4
	for name, scheme := range map[string]quantizedtest.Scheme{
		"W8A8": quantizedtest.W8A8, "W4A4": quantizedtest.W4A4, "weight-only": quantizedtest.WeightOnly,
		"blocks": blocks, "float": {},
	} {
		_, m := residual(scheme)
		file, _, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		s := m.Size()
		if got := s.Header + s.Total(); got != int64(len(file)) {
			t.Errorf("%s: counted %d bytes, the file has %d", name, got, len(file))
		}
		var sum int64
		for _, l := range s.Layers {
			sum += l.Total()
		}
		if sum != s.Total() {
			t.Errorf("%s: the layers' sum is %d, the total %d", name, sum, s.Total())
		}
	}
}

func TestSizeBelowEightBits(t *testing.T) {
	s := resnet8(quantizedtest.W4A4).Size()
	if s.Packed != s.Weights/2 {
		t.Errorf("%d weights pack into %d bytes at 4 bits", s.Weights, s.Packed)
	}
	if !strings.Contains(s.String(), "without the unused bits they would take 38,680") {
		t.Errorf("got %q", s)
	}
}

// TestTable compares the printed table with the stored one; run with
// GOLDEN=write to store it again.
func TestTable(t *testing.T) {
	_, m := residual(quantizedtest.W8A8)
	var got bytes.Buffer
	if err := m.WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/table.txt"
	if os.Getenv("GOLDEN") == "write" {
		if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
}
