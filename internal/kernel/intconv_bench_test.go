package kernel

import (
	"fmt"
	"testing"
)

// same is a square convolution with padding that keeps the size, over stride.
func same(n, size, c, o, k, stride int) Conv {
	total := max(0, ((size+stride-1)/stride-1)*stride+k-size)
	return Conv{N: n, H: size, W: size, C: c, O: o, KH: k, KW: k, StrideH: stride, StrideW: stride, DilationH: 1,
		DilationW: 1,
		PadTop:    total / 2, PadLeft: total / 2, PadBottom: total - total/2, PadRight: total - total/2, Groups: 1}
}

func depthwise(n, size, c, stride int) Conv {
	g := same(n, size, c, c, 3, stride)
	g.Groups = c
	return g
}

func linear(n, f, o int) Conv { return same(n, 1, f, o, 1, 1) }

// networks are the convolutions and linear layers of small networks.
func networks() map[string][]Conv {
	resnet := []Conv{same(1, 32, 3, 16, 3, 1), same(1, 32, 16, 16, 3, 1), same(1, 32, 16, 16, 3, 1),
		same(1, 32, 16, 32, 3, 2), same(1, 16, 32, 32, 3, 1), same(1, 32, 16, 32, 1, 2),
		same(1, 16, 32, 64, 3, 2), same(1, 8, 64, 64, 3, 1), same(1, 16, 32, 64, 1, 2), linear(1, 64, 10)}
	first := Conv{N: 1, H: 49, W: 10, C: 1, O: 64, KH: 10, KW: 4, StrideH: 2, StrideW: 2, DilationH: 1, DilationW: 1,
		PadTop: 4, PadLeft: 1, PadBottom: 5, PadRight: 1, Groups: 1}
	ds := []Conv{first}
	for range 4 {
		d := depthwise(1, 25, 64, 1)
		d.W = 5
		p := same(1, 25, 64, 64, 1, 1)
		p.W = 5
		ds = append(ds, d, p)
	}
	ds = append(ds, linear(1, 64, 12))
	mobile, size, c := []Conv{same(1, 96, 3, 8, 3, 2)}, 48, 8
	for _, l := range [][2]int{{16, 1}, {32, 2}, {32, 1}, {64, 2}, {64, 1}, {128, 2}, {128, 1}, {128, 1}, {128, 1},
		{128, 1}, {128, 1}, {256, 2}, {256, 1}} {
		mobile = append(mobile, depthwise(1, size, c, l[1]), same(1, (size+l[1]-1)/l[1], c, l[0], 1, 1))
		size, c = (size+l[1]-1)/l[1], l[0]
	}
	mobile = append(mobile, linear(1, 256, 2))
	return map[string][]Conv{
		"resnet8":           resnet,
		"ds-cnn":            ds,
		"mobilenet-v1-0.25": mobile,
		"cnn, batch 64": {same(64, 28, 1, 16, 3, 1), same(64, 14, 16, 32, 3, 1), linear(64, 1568, 128),
			linear(64, 128, 10)},
	}
}

// BenchmarkIntegerNetworks runs the layers of a network one after the other,
// bytes in, bytes out. GOP/s counts multiplications and additions.
func BenchmarkIntegerNetworks(b *testing.B) {
	for name, layers := range networks() {
		b.Run(name+"/all", func(b *testing.B) { benchIntConv(b, layers) })
		for i, g := range layers {
			b.Run(fmt.Sprintf("%s/%02d_%d×%d×%d→%d,%d×%d", name, i, g.H, g.W, g.C, g.O, g.KH, g.KW),
				func(b *testing.B) {
					benchIntConv(b, layers[i:i+1])
				})
		}
	}
}

func benchIntConv(b *testing.B, layers []Conv) {
	r, s, ops := random(), new(Scratch), 0
	var run []func()
	for _, g := range layers {
		x, w := randomBytes[uint8](g.N*g.H*g.W*g.C, r).slice(), randomBytes[int8](g.O*g.C/g.Groups*g.KH*g.KW, r).slice()
		y, bias, rq := make([]uint8, g.N*g.OH()*g.OW()*g.O), make([]int32, g.O),
			Requant{M: make([]float32, g.O), Max: 255}
		for o := range rq.M {
			rq.M[o] = 0.001
		}
		p := PackConv(w, g)
		run = append(run, func() { ConvBytes(y, Images[uint8]{x, 0}, bias, rq, p, s) })
		ops += 2 * len(y) * g.KH * g.KW * g.C / g.Groups
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range run {
			f()
		}
	}
	b.ReportMetric(float64(ops)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GOP/s")
}

// BenchmarkRequantize measures rows of outputs that are in the cache.
func BenchmarkRequantize(b *testing.B) {
	for _, c := range []int{8, 16, 64} {
		const rows = 28
		acc, y, r := make([]int32, rows*c), make([]uint8, rows*c), Requant{M: make([]float32, c), Max: 255}
		b.Run(fmt.Sprintf("%d×%d", rows, c), func(b *testing.B) {
			for b.Loop() {
				RequantizeU8(y, acc, r)
			}
			throughput(b, rows*c*5)
		})
	}
}

// BenchmarkRepack measures what a training step pays for integer weights.
func BenchmarkRepack(b *testing.B) {
	for _, g := range networks()["cnn, batch 64"] {
		w := randomBytes[int8](g.O*g.C*g.KH*g.KW, random()).slice()
		p := PackConv(w, g)
		b.Run(fmt.Sprintf("%d→%d,%d×%d", g.C, g.O, g.KH, g.KW), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Repack(w)
			}
			throughput(b, 2*len(w))
		})
	}
}
