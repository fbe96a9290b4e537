// Command spokendigits makes a folder of spoken digits, laid out as Speech Commands is:
//
//	go run ./examples/spokendigits spoken-digits
//
// All sounds are synthetic: espeak-ng says the words with 72 voices and flite with four, each
// several times at other speeds and pitches and at a random place in a second; the background
// noise is drawn from random numbers. A voice is in one split only, as its name decides.
package main

import (
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"petrify/datasets/sound"
)

const rate = 16000 // samples in a second

var words = strings.Fields("zero one two three four five six seven eight nine")

func main() {
	log.SetFlags(0)
	takes := flag.Int("takes", 3, "how often each voice says each word")
	voices := flag.Int("voices", math.MaxInt, "how many voices speak at most")
	sheet := flag.String("picture", "", "also write the spectrograms of ten words to `FILE.png`")
	if flag.Parse(); flag.NArg() != 1 {
		log.Fatal("spokendigits: want the name of the folder")
	}
	if err := synthesize(flag.Arg(0), *takes, *voices); err != nil {
		log.Fatalf("spokendigits: %v", err)
	}
	if *sheet != "" {
		if err := picture(flag.Arg(0), *sheet); err != nil {
			log.Fatalf("spokendigits: %v", err)
		}
	}
}

// voice is a speaker: the program that speaks, and the arguments that choose the speaker.
type voice struct {
	program string
	name    string
}

func allVoices() (all []voice) {
	for _, name := range []string{"awb", "rms", "slt", "kal16"} {
		all = append(all, voice{"flite", name})
	}
	for _, variant := range strings.Fields("m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 f5") {
		for _, accent := range []string{"en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-us-nyc", "en-029"} {
			all = append(all, voice{"espeak-ng", accent + "+" + variant})
		}
	}
	return all
}

// says returns a command that writes a word to a WAV file, at a speed, 1 being the usual one,
// and a pitch from 0 to 1.
func (v voice) says(word, file string, speed, pitch float64) *exec.Cmd {
	text := func(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }
	if v.program == "flite" {
		return exec.Command(v.program, "-voice", v.name, "--setf", "duration_stretch="+text(1/speed),
			"--setf", "int_f0_target_mean="+text(95+60*pitch), "-t", word, "-o", file)
	}
	return exec.Command(v.program, "-v", v.name, "-s", strconv.Itoa(int(160*speed)), "-p", strconv.Itoa(int(99*pitch)),
		"-w", file, word)
}

// synthesize writes the folder.
func synthesize(folder string, takes, most int) error {
	all := allVoices()
	raw := filepath.Join(os.TempDir(), fmt.Sprintf("spokendigits-%d.wav", os.Getpid()))
	defer os.Remove(raw)
	for n, v := range all[:min(len(all), most)] {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		for _, word := range words {
			for take := range takes {
				command := v.says(word, raw, 0.8+0.5*r.Float64(), 0.2+0.6*r.Float64())
				if out, err := command.CombinedOutput(); err != nil {
					return fmt.Errorf("%s: %w\n%s", command, err, out)
				}
				samples, err := placed(raw, r)
				if err != nil {
					return err
				}
				name := fmt.Sprintf("%s-%s_nohash_%d.wav", v.program, v.name, take)
				if err := write(filepath.Join(folder, word, name), samples); err != nil {
					return err
				}
			}
		}
	}
	for name, samples := range noises() {
		if err := write(filepath.Join(folder, "_background_noise_", name+".wav"), samples); err != nil {
			return err
		}
	}
	return nil
}

// placed is a recording at a random place in a second, as loud as chance will have it.
func placed(file string, r *rand.Rand) ([]int16, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	recording, err := sound.Decode(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	word, gain := recording.At(rate, rate), 0.3+0.7*r.Float64()
	second := make([]int16, rate)
	from := r.IntN(rate - len(word) + 1)
	for i, s := range word {
		second[from+i] = sound.Round(float64(s) * gain)
	}
	return second, nil
}

// noises are 20 s each of white noise, of pink noise, whose power falls as 1/f, and of a hum of
// 50 Hz and its multiples.
func noises() map[string][]int16 {
	const n = 20 * rate
	all := map[string][]int16{"white": make([]int16, n), "pink": make([]int16, n), "hum": make([]int16, n)}
	r := rand.New(rand.NewPCG(1, 2))
	var octaves [12]float64 // of which the kth is drawn again every 2ᵏ samples: R. F. Voss and J. Clarke, 1978
	for i := range n {
		all["white"][i] = sound.Round(1500 * r.NormFloat64())
		sum, hum := 0.0, 0.0
		for k := range octaves {
			if i%(1<<k) == 0 {
				octaves[k] = r.NormFloat64()
			}
			sum += octaves[k]
		}
		for k := range 8 {
			hum += math.Sin(2*math.Pi*50*float64((k+1)*i)/rate) / float64(k+1)
		}
		all["pink"][i], all["hum"][i] = sound.Round(700*sum), sound.Round(2500*hum)
	}
	return all
}

// write writes samples to a WAV file.
func write(path string, samples []int16) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, sound.Encode(rate, samples), 0o666)
}
