package datasets

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"petrify/datasets/sound"
)

// checkSounds checks what concerns sounds alone.
func (a Augment) checkSounds(s *Set, split *Split) error {
	switch {
	case !a.Resounds():
		return nil
	case split.Waves == nil || s.Sound == nil:
		return errors.New("delay and noise are for sounds that were read from WAV files, and kept")
	case !(a.Delay >= 0 && a.delay(s.Sound) < s.Sound.Length):
		return fmt.Errorf("delay %v ms out of range, want 0 ≤ delay < %v, the length of a sound", a.Delay,
			1000*float64(s.Sound.Length)/float64(s.Sound.Rate))
	case !(a.Noise >= 0) || math.IsInf(a.Noise, 0):
		return fmt.Errorf("noise %v out of range, want 0 or more", a.Noise)
	case a.Noise > 0 && len(s.Noise) == 0:
		return fmt.Errorf("noise %v needs recordings of it, in a folder %s", a.Noise, noiseFolder)
	}
	return nil
}

// delay is the greatest delay in samples.
func (a Augment) delay(f *sound.Front) int { return int(a.Delay * float64(f.Rate) / 1000) }

// rendition varies sounds before their features are computed. It owns its buffers.
type rendition struct {
	Augment
	set    *Set
	norm   normaliser
	voices []*renderer // one for each goroutine
}

// renderer varies one sound at a time.
type renderer struct {
	ear     *sound.Ear
	samples []int16
	pcg     rand.PCG
}

func newRendition(a Augment, s *Set, norm normaliser) *rendition {
	r := &rendition{Augment: a, set: s, norm: norm}
	tables := s.Sound.Tables()
	for range runtime.GOMAXPROCS(0) {
		r.voices = append(r.voices, &renderer{ear: sound.NewEar(tables), samples: make([]int16, s.Sound.Length)})
	}
	return r
}

// twin returns the same with buffers of its own.
func (r *rendition) twin() *rendition {
	t := *r
	t.voices = nil
	for _, v := range r.voices {
		t.voices = append(t.voices, &renderer{ear: v.ear.Twin(), samples: make([]int16, len(v.samples))})
	}
	return &t
}

// batch writes the normalised features of sounds to x. What happens to a sound depends on
// seed and place only.
func (r *rendition) batch(x []float32, split *Split, rows []int32, seed, first uint64) {
	size, length := r.set.size(), r.set.Sound.Length
	var all sync.WaitGroup
	for k, v := range r.voices {
		all.Go(func() {
			for i := k; i < len(rows); i += len(r.voices) {
				v.pcg.Seed(^seed, first+uint64(i)) // another stream than that of pictures
				r.vary(v, split.Waves[split.row(int(rows[i]))*length:][:length])
				features := x[i*size : (i+1)*size]
				v.ear.Hear(features, v.samples)
				for j, f := range features {
					features[j] = r.norm.value(f, 0)
				}
			}
		})
	}
	all.Wait()
}

// vary makes v.samples of a sound.
func (r *rendition) vary(v *renderer, wave []int16) {
	random, most := rand.New(&v.pcg), r.delay(r.set.Sound)
	late := random.IntN(2*most+1) - most
	clear(v.samples)
	copy(v.samples[max(late, 0):], wave[max(-late, 0):])
	if r.Noise == 0 {
		return
	}
	noise := r.set.Noise[random.IntN(len(r.set.Noise))]
	noise = noise[random.IntN(max(1, len(noise)-len(wave)+1)):]
	gain := r.Noise * random.Float64()
	for i, s := range noise[:min(len(noise), len(wave))] {
		v.samples[i] = sound.Round(float64(v.samples[i]) + float64(gain*float64(s)))
	}
}
