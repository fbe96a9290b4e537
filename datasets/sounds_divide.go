package datasets

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/datasets/sound"
)

// divide puts each file into a split by its name, as Speech Commands does, so that it
// stays there whatever other files are added, and with it all that one person says. For a network
// that has been trained, all are test files.
func (c *choir) divide(rows *[3][]int, opts Options) (division string, err error) {
	all := rows[toTrain]
	if c.like != nil {
		*rows = [3][]int{toTest: all}
		return "", nil
	}
	*rows = [3][]int{}
	test := share(opts.TestFraction)
	for _, i := range all {
		n := splitOfFile(c.paths[i], 0.1, test)
		rows[n] = append(rows[n], i)
	}
	for _, n := range []int{toTrain, toTest} {
		if rows[n] == nil {
			return "", fmt.Errorf("the names of the %d sounds put none into the %s split: want more speakers, another "+
				"test_fraction, or folders train and test", len(all), splitName(n))
		}
	}
	return fmt.Sprintf("by the SHA-1 of file names before _nohash_, 10 %% to validate, %.4g %% to test", 100*test), nil
}

// splitOfFile is the split of a sound: a number from 0 to 100 is made of its name without
// what follows _nohash_ (P. Warden, README of Speech Commands, 2018).
func splitOfFile(path string, validation, test float64) int {
	name, _, _ := strings.Cut(filepath.Base(path), "_nohash_")
	sum := sha1.Sum([]byte(name))
	const most = 1<<27 - 1
	at := float64(binary.BigEndian.Uint32(sum[16:])&most) * (100.0 / most)
	switch {
	case at < 100*validation:
		return toValidate
	case at < float64(100*validation)+float64(100*test):
		return toTest
	}
	return toTrain
}

// choose makes classes of folders: each is one, or the words that are wanted are, and the
// others are unknown, of which a share of each split is drawn.
func (c *choir) choose(rows *[3][]int, dir string) (classes []string, err error) {
	words := c.options.Words
	if words == nil {
		words = c.classes
	}
	other := func(name string) bool { return !slices.Contains(words, name) && name != silenceClass }
	for _, w := range words {
		if c.like == nil && !slices.Contains(c.classes, w) {
			return nil, fmt.Errorf("datasets: %s: no folder of the word %q; there are %s", dir, w, listed(c.classes))
		}
	}
	c.silence, c.unknown = -1, -1
	if c.noise != nil && share(c.options.Silence) > 0 || slices.Contains(c.classes, silenceClass) {
		c.silence, classes = 0, []string{silenceClass}
	}
	if slices.ContainsFunc(c.classes, other) && share(c.options.Unknown) > 0 {
		c.unknown, classes = int32(len(classes)), append(classes, unknownClass)
	}
	for _, w := range words {
		if !slices.Contains(classes, w) {
			classes = append(classes, w)
		}
	}
	places := make([]int32, len(c.classes))
	for i, name := range c.classes {
		places[i] = int32(slices.Index(classes, name))
		if other(name) {
			places[i] = c.unknown
		}
	}
	for i, label := range c.labels {
		c.labels[i] = places[label]
	}
	for n := range rows {
		rows[n] = c.drawUnknown(rows[n], n)
	}
	return classes, nil
}

// drawUnknown leaves out all sounds of other words but a share.
func (c *choir) drawUnknown(rows []int, n int) []int {
	var others []int
	for _, i := range rows {
		if c.labels[i] == c.unknown && c.unknown >= 0 {
			others = append(others, i)
		}
	}
	keep := map[int]bool{}
	most := c.shareOf(len(rows)-len(others), c.options.Unknown)
	for k, i := range c.random(n).Perm(len(others)) {
		keep[others[i]] = k < most
	}
	return slices.DeleteFunc(rows, func(i int) bool {
		label := c.labels[i]
		return label < 0 || label == c.unknown && c.like == nil && !keep[i]
	})
}

// shareOf is how many sounds a share of the words' n is, rounded up.
func (c *choir) shareOf(n int, of float64) int { return int(math.Ceil(float64(n) * share(of))) }

// random draws for a split: whatever is drawn depends on the seed alone.
func (c *choir) random(split int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(split))) }

// cut is a piece of background noise.
type cut struct {
	file, from int
	gain       float64
}

// cuts draws the silence of a split, as many as a share of its words.
func (c *choir) cuts(rows []int, n int) (all []cut) {
	if c.noise == nil || c.silence < 0 {
		return nil
	}
	words := 0
	for _, i := range rows {
		if label := c.labels[i]; label != c.unknown && label != c.silence {
			words++
		}
	}
	r := c.random(n)
	for range c.shareOf(words, c.options.Silence) {
		file := r.IntN(len(c.noise))
		all = append(all, cut{file, r.IntN(max(1, len(c.noise[file])-c.front.Length+1)), r.Float64()})
	}
	c.account.Silence += len(all)
	return all
}

// cut is a piece of background noise as a sound.
func (c *choir) cut(k cut) []int16 {
	noise := c.noise[k.file][k.from:]
	samples := make([]int16, c.front.Length)
	for i, s := range noise[:min(len(noise), len(samples))] {
		samples[i] = sound.Round(float64(s) * k.gain)
	}
	return samples
}

// named says where a piece of background noise is from.
func (c *choir) named(k cut) string {
	return fmt.Sprintf("%s from %.3f s, × %.2f", c.noises[k.file], float64(k.from)/float64(c.front.Rate), k.gain)
}

// findNoise reads the files of background noise in the first of the folders that has such.
func (c *choir) findNoise(dirs []string) error {
	for _, dir := range dirs {
		folder := filepath.Join(dir, noiseFolder)
		_, files, err := contents(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, name := range files {
			if !c.takes(name) {
				c.passed[extension(name)]++
				continue
			}
			if err := c.addNoise(filepath.Join(folder, name)); err != nil {
				return err
			}
		}
		break
	}
	if c.noise == nil && c.options.Silence > 0 && c.like == nil {
		return fmt.Errorf("datasets: %s: silence is cut from WAV files in %s, and there are none", dirs[0], noiseFolder)
	}
	return nil
}

// addNoise reads a file of background noise.
func (c *choir) addNoise(path string) error {
	if info, err := os.Stat(path); err == nil {
		c.folder.total += info.Size()
	}
	r, err := c.recording(path)
	if err != nil {
		return err
	}
	samples := r.At(c.front.Rate, math.MaxInt32)
	if len(samples) == 0 {
		return fmt.Errorf("datasets: %s: no samples", path)
	}
	if err := c.hold(2 * int64(len(samples))); err != nil {
		return fmt.Errorf("datasets: %s: %w", path, err)
	}
	c.noises, c.noise = append(c.noises, path), append(c.noise, samples)
	c.account.Noise += float64(len(samples)) / float64(c.front.Rate)
	return nil
}
