package datasets

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"petrify/datasets/sound"
)

// openSounds reads a folder with one folder of WAV files for each class, laid out as
// Speech Commands is, or such folders under train, validation and test. The folder
// _background_noise_ is no class: silence is cut from it.
func (l *loading) openSounds(dir string, opts Options) (*Set, error) {
	c := choir{loading: l, options: opts.Sounds, seed: opts.Seed, account: &SoundAccount{},
		tree: tree{kind: "sounds", forms: soundForms(), aside: noiseFolder, passed: map[string]int{}}}
	if err := c.begin(dir); err != nil {
		return nil, err
	}
	folders, err := c.splits(dir)
	if err != nil {
		return nil, err
	}
	division, err := separate(dir, &folders, opts)
	if err != nil {
		return nil, err
	}
	if err := c.list(folders); err != nil {
		return nil, err
	}
	l.folder = &tally{name: dir, total: c.bytes}
	beside := []string{folders[toTrain]}
	if folders[toTest] != "" {
		beside = append(beside, filepath.Dir(folders[toTrain]))
	}
	if err := c.findNoise(beside); err != nil {
		return nil, err
	}
	rows := c.rows()
	if folders[toTest] == "" {
		if division, err = c.divide(&rows, opts); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", dir, err)
		}
	}
	s := Set{Name: filepath.Base(dir), Source: dir, Sound: &c.front, Noise: c.noise,
		Shape: [3]int{1, c.front.Frames(), c.front.Features()}}
	if s.Classes, err = c.choose(&rows, dir); err != nil {
		return nil, err
	}
	for n, to := range []**Split{&s.Train, &s.Validation, &s.Test} {
		if *to, err = c.split(rows[n], n); err != nil {
			return nil, err
		}
	}
	if s.Train == nil && l.like != nil {
		s.Train = s.Test
	}
	s.Account.Sounds, s.Account.Passed, s.Account.Division = c.account, c.passed, division
	if n := c.account.Clipped; n > 0 {
		s.Account.warn("%d of %d sounds are clipped, in more than 1 %% of their samples: floats in a WAV file are from -1 to 1",
			n, c.account.Files)
	}
	whole, err := newSet(s, dir)
	l.folder.done = 0
	return l.from(whole, err, append(c.paths, c.noises...)...)
}

func soundForms() []string { return []string{".wav", ".wave"} }

// choir collects sounds of one length.
type choir struct {
	*loading
	tree
	options Sounds
	seed    uint64
	front   sound.Front
	ears    []*sound.Ear // one for each goroutine
	account *SoundAccount
	noises  []string // files of background noise
	noise   [][]int16
	silence int32 // label of the class that is cut from it; −1: there is none
	unknown int32 // and of that of the other words
}

// begin finds the front-end: that of the options, or of the network.
func (c *choir) begin(path string) (err error) {
	switch {
	case c.like == nil:
		c.front, err = c.options.front()
	case c.like.Sound == nil:
		err = fmt.Errorf("datasets: %s: sounds; the model wants %s", path, c.like)
	default:
		c.front = *c.like.Sound
	}
	if err != nil {
		return err
	}
	c.account.Front = c.front
	tables := c.front.Tables()
	for range runtime.GOMAXPROCS(0) {
		c.ears = append(c.ears, sound.NewEar(tables))
	}
	return nil
}

// rows are the files of each split, by their places.
func (c *choir) rows() (rows [3][]int) {
	for n := range rows {
		begin, end, ok := c.part(n)
		for i := begin; ok && i < end; i++ {
			rows[n] = append(rows[n], i)
		}
	}
	return rows
}

// split reads the sounds of a split, and adds silence; nil if there are none.
func (c *choir) split(rows []int, n int) (*Split, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	cuts := c.cuts(rows, n)
	count, size := len(rows)+len(cuts), c.front.Frames()*c.front.Features()
	waves := n == toTrain && c.options.Waves && c.like == nil
	need := 4 * int64(count) * int64(size)
	if waves {
		need += 2 * int64(count) * int64(c.front.Length)
	}
	if err := c.hold(need); err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	s := &Split{Values: make([]float32, count*size)}
	if waves {
		s.Waves = make([]int16, 0, count*c.front.Length)
	}
	for at := 0; at < count; {
		var block []func() []int16
		for ; at < count && len(block) < 16*len(c.ears); at++ {
			if at >= len(rows) {
				cut := cuts[at-len(rows)]
				block = append(block, func() []int16 { return c.cut(cut) })
				s.Names, s.Labels = append(s.Names, c.named(cut)), append(s.Labels, c.silence)
				continue
			}
			r, err := c.recording(c.paths[rows[at]])
			if err != nil {
				return nil, err
			}
			c.account.add(r)
			block = append(block, func() []int16 { return padded(r.At(c.front.Rate, c.front.Length), c.front.Length) })
			s.Names, s.Labels = append(s.Names, c.paths[rows[at]]), append(s.Labels, c.labels[rows[at]])
		}
		samples := c.hear(s.Values[(at-len(block))*size:at*size], block)
		if waves {
			s.Waves = append(s.Waves, slices.Concat(samples...)...)
		}
	}
	return s, nil
}

// hear makes sounds and computes their features, as many at a time as there are ears.
func (c *choir) hear(features []float32, block []func() []int16) [][]int16 {
	size, samples := len(features)/len(block), make([][]int16, len(block))
	var all sync.WaitGroup
	for k, ear := range c.ears {
		all.Go(func() {
			for i := k; i < len(block); i += len(c.ears) {
				samples[i] = block[i]()
				ear.Hear(features[i*size:(i+1)*size], samples[i])
			}
		})
	}
	all.Wait()
	return samples
}

// recording reads the WAV file at path.
func (l *loading) recording(path string) (r sound.Recording, err error) {
	l.image.Reset()
	if _, err = l.pour(&l.image, path); err != nil {
		return r, err
	}
	if r, err = sound.Decode(l.image.Bytes()); err != nil {
		return r, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return r, nil
}

// padded is a sound with silence after it.
func padded(samples []int16, n int) []int16 {
	return append(samples, make([]int16, n-len(samples))...)
}

// holdsSounds reports whether the first file in the folders of a folder that is a sound or a
// picture is a sound.
func holdsSounds(dir string) (sounds bool) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil, path != dir && ignored(e.Name()):
			if e != nil && e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && filepath.Dir(path) != filepath.Clean(dir) && (isSound(path) || isPicture(path)):
			sounds = isSound(path)
			return fs.SkipAll
		}
		return nil
	})
	return sounds
}

func isSound(name string) bool { return slices.Contains(soundForms(), extension(name)) }
