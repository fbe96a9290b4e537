package config

import (
	"go.yaml.in/yaml/v4"

	"petrify/datasets"
)

// sounds is the table of the keys for folders of sounds.
func sounds(s *datasets.Sounds) value {
	milliseconds := interval{low: 0, high: 1 << 20, openLow: true}
	hertz := interval{low: 0, high: 1 << 20, openLow: true}
	return section{
		{"words", "The classes, in this order; the other folders are the class _unknown_. Null makes each folder a class.",
			columns{words{&s.Words}}},
		{"silence", "Size of the class _silence_, which is cut from the files in _background_noise_, as a share of the " +
			"words' sounds; null is 0.1 if there is such a folder.", portion{&s.Silence}},
		{"unknown", "Size of the class _unknown_, as a share of the words' sounds; null is 0.1.", portion{&s.Unknown}},
		{"rate", "Samples in a second, to which sounds are resampled; null is 16000.",
			auto[int]{&s.Rate, integer(&s.Rate, 1000, 384000)}},
		{"length", "Length of a sound in ms: shorter ones are padded, longer ones cut; null is 1000.",
			auto[float64]{&s.Length, number(&s.Length, milliseconds)}},
		{"window", "Length of a frame in ms; null is 40.",
			auto[float64]{&s.Window, number(&s.Window, milliseconds)}},
		{"hop", "From the beginning of one frame to the next, in ms; null is 20.",
			auto[float64]{&s.Hop, number(&s.Hop, milliseconds)}},
		{"features", "mfcc or log_mel; null is mfcc.",
			auto[string]{&s.Features, oneOf(&s.Features, "mfcc", "log_mel")}},
		{"coefficients", "Number of MFCCs of a frame; null is 10.",
			auto[int]{&s.Coefficients, integer(&s.Coefficients, 1, 1<<14)}},
		{"mels", "Number of mel bands; null is 40.", auto[int]{&s.Mels, integer(&s.Mels, 1, 1<<14)}},
		{"low", "Hz where the first band begins; null is 20.", auto[float64]{&s.Low, number(&s.Low, hertz)}},
		{"high", "Hz where the last band ends; null is 4000.", auto[float64]{&s.High, number(&s.High, hertz)}},
	}
}

// portion is a share that may be more than 1, or null for the default; 0, which is none,
// is -1 in the options.
type portion struct{ to *float64 }

func (p portion) read(r *reader, n *yaml.Node, key string) {
	*p.to = 0
	if resolve(n).ShortTag() == "!!null" {
		return
	}
	if p.number().read(r, n, key); *p.to == 0 {
		*p.to = -1
	}
}

func (p portion) number() value { return number(p.to, interval{low: 0, high: 1000}) }

func (p portion) write() *yaml.Node {
	switch {
	case *p.to == 0:
		return plain("!!null", "null")
	case *p.to < 0:
		return plain("!!int", "0")
	}
	return p.number().write()
}

func (p portion) schema() map[string]any {
	s := p.number().schema()
	delete(s, "default")
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, s}}
}
