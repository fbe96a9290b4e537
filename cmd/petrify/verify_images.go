package main

import (
	"encoding/binary"
	"io"
	"iter"
	"slices"

	"petrify/datasets"
)

// verifyBatch is how many images are computed at a time.
const verifyBatch = 64

// images are a few of the test split.
type images struct {
	indices []int     // in the split
	x       []float32 // N H W C, as the network is fed
}

// images iterates over the test split, or the chosen images of it, in order and
// a number at a time.
func (s *subject) images(chosen []int, number int) iter.Seq2[images, error] {
	return func(yield func(images, error) bool) {
		size, at := s.data.Shape[0]*s.data.Shape[1]*s.data.Shape[2], 0
		var some images
		for b, err := range s.data.Batches(s.data.Test, datasets.BatchOptions{Size: verifyBatch}) {
			if err != nil {
				yield(some, err)
				return
			}
			for i := range b.N {
				if _, ok := slices.BinarySearch(chosen, at+i); chosen != nil && !ok {
					continue
				}
				some.indices = append(some.indices, at+i)
				some.x = append(some.x, b.X[i*size:(i+1)*size]...)
				if len(some.indices) < number {
					continue
				}
				if !yield(some, nil) {
					return
				}
				some.indices, some.x = some.indices[:0], some.x[:0]
			}
			at += b.N
		}
		if len(some.indices) > 0 {
			yield(some, nil)
		}
	}
}

// send writes images for a runtime, N C H W.
func (s *subject) send(w io.Writer, chosen []int) error {
	for images, err := range s.images(chosen, verifyBatch) {
		if err != nil {
			return err
		}
		if err := binary.Write(w, binary.LittleEndian, planar(images.x, s.data.Shape)); err != nil {
			return err
		}
	}
	return nil
}

// planar converts images from H W C to C H W.
func planar(x []float32, shape [3]int) []float32 {
	channels, pixels := shape[0], shape[1]*shape[2]
	y := make([]float32, len(x))
	for i, v := range x {
		at := i % (channels * pixels)
		y[i-at+at%channels*pixels+at/channels] = v
	}
	return y
}
