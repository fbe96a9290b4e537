package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"petrify/train"
)

func TestSparkline(t *testing.T) {
	long := make([]float64, 1000)
	for i := range long {
		long[i] = float64(i)
	}
	for _, c := range []struct {
		name    string
		series  []float64
		n       int
		unicode bool
		want    string
	}{
		{"falling", []float64{7, 6, 5, 4, 3, 2, 1, 0}, 20, true, "█▇▆▅▄▃▂▁"},
		{"without Unicode", []float64{7, 6, 5, 4, 3, 2, 1, 0}, 20, false, "#*+=-:._"},
		{"constant", []float64{2, 2}, 20, true, "▁▁"},
		{"none", nil, 20, true, ""},
		{"longer than the room", long, 8, true, "▁▂▃▄▅▆▇█"},
		{"no room", long, 0, true, ""},
		{"losses", logs([]float64{1, 0.1, 0.01}), 9, true, "█▄▁"},
		{"a loss of 0", logs([]float64{1, 0.1, 0}), 9, true, "█▁▁"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sparkline(c.series, c.n, c.unicode); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLocale(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, true},
		{map[string]string{"LANG": "en_US.ISO-8859-1"}, false},
		{nil, false},
	} {
		if got := speaksUnicode(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v: got %v", c.env, got)
		}
	}
}

func TestSpeller(t *testing.T) {
	var b bytes.Buffer
	text := "5 × 5 – “ok”…\n"
	if n, err := (speller{&b}).Write([]byte(text)); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
	if got, want := b.String(), "5 x 5 - ?ok?...\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// In a window of any width, no line that is redrawn is wider than the window, none has an
// escape sequence, and without Unicode all is ASCII.
func TestBarsFitTheWindow(t *testing.T) {
	for _, columns := range []int{10, 20, 39, 40, 60, 79, 80, 100, 119, 120, 200} {
		for _, unicode := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d unicode=%v", columns, unicode), func(t *testing.T) {
				var out bytes.Buffer
				p := &progress{w: &out, screen: screen{true, unicode, func() int { return columns }}}
				e := p.events(train.Classification)
				e.Stage(train.StageStart{Stage: train.QAT, Epochs: 100, StepsInEpoch: 1875, Batch: 32})
				for epoch := range 3 {
					e.Step(train.StepEnd{Stage: train.QAT, Epoch: epoch})
					p.redrawn = p.redrawn.Add(-interval)
					e.Step(train.StepEnd{Stage: train.QAT, Epoch: epoch, Images: 59999,
						Mean: train.Metrics{Accuracy: 1, Loss: 12.3456 / float64(epoch+1)}})
					p.bar.Clear() // draw, since the bar has a clock of its own
					fmt.Fprint(&out, "\r")
					p.losses = append(p.losses, 1/float64(epoch+1))
				}
				drawn := out.String()
				for _, line := range strings.FieldsFunc(drawn, func(r rune) bool { return r == '\r' || r == '\n' }) {
					if n := utf8.RuneCountInString(strings.TrimRight(line, " ")); n >= columns {
						t.Errorf("%d columns: %q", n, line)
					}
				}
				if columns >= 20 && !strings.Contains(drawn, "qat") ||
					columns >= 80 && !strings.Contains(drawn, "accuracy") {
					t.Errorf("drew %q", drawn)
				}
				if strings.Contains(drawn, "\x1b") {
					t.Errorf("an escape sequence in %q", drawn)
				}
				if i := strings.IndexFunc(drawn, func(r rune) bool { return r >= utf8.RuneSelf }); !unicode && i >= 0 {
					t.Errorf("not ASCII: %q", drawn[i:])
				}
			})
		}
	}
}
