// Package soundtest makes small sets of sounds for tests.
package soundtest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"petrify/datasets/sound"
)

// Tones are files laid out as Speech Commands is: for each word, sounds that glide from one
// frequency of its own to another, by n speakers who say it twice, and background noise. The first speaker's names put them into
// the validation split, the second's into the test split; of 20, two are in each.
func Tones(words []string, speakers int) map[string][]byte {
	const rate = 8000
	files := map[string][]byte{}
	for w, word := range words {
		for i := range 2 * speakers {
			name := fmt.Sprintf("%s/abx%02d_nohash_%d.wav", word, i/2, i%2)
			files[name] = sound.Encode(rate, tone(rate, w, uint64(i*len(words)+w)))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]int16, 2*rate)
	for i := range noise {
		noise[i] = int16(300 * r.NormFloat64())
	}
	files["_background_noise_/hiss.wav"] = sound.Encode(rate, noise)
	files["README.md"] = []byte("tones\n")
	return files
}

// tone is a word, about a second long.
func tone(rate, word int, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 1))
	samples := make([]int16, rate*3/4+r.IntN(rate/4))
	from, to := 300*float64(1+word%4), 400*float64(1+word/2%4)
	from, to = from*(0.9+0.2*r.Float64()), to*(0.9+0.2*r.Float64())
	phase := 0.0
	for i := range samples {
		at := float64(i) / float64(len(samples))
		phase += 2 * math.Pi * (from + (to-from)*at) / float64(rate)
		samples[i] = int16(9000*math.Sin(math.Pi*at)*math.Sin(phase) + 200*r.NormFloat64())
	}
	return samples
}
