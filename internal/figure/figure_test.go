package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

func TestAccuracyNamesItsLines(t *testing.T) {
	var svg bytes.Buffer
	chart := Share("cnn on digits", "test accuracy", []float64{0.62, 0.9, 0.95, 0.968, 0.971, 0.975}, 0.9715, []float64{0.974, 0.976})
	if err := chart.SVG(&svg); err != nil {
		t.Fatal(err)
	}
	text := svg.String()
	for _, want := range []string{"cnn on digits", "float 97.50 %", "PTQ 97.15 %", "QAT 97.60 %", "epochs",
		"test accuracy, %"} {
		if !strings.Contains(text, ">"+want+"<") {
			t.Errorf("the picture lacks the text %q", want)
		}
	}
	if len(text) > 4<<10 {
		t.Errorf("%d bytes: want a small file", len(text))
	}
	wellFormed(t, text)
}

func TestAccuracyOfShortRuns(t *testing.T) {
	for name, c := range map[string]Chart{
		"PTQ alone":     Share("", "test accuracy", nil, 0.5, nil),
		"without QAT":   Share("", "test accuracy", []float64{0.5}, 0.5, nil),
		"without float": Share("", "test accuracy", nil, 0.1, []float64{0.1, 0.1}),
		"loss":          Loss("", "test loss", []float64{2, 1}, 1.5, []float64{1}),
		"all wrong":     Share("", "test accuracy", []float64{0, 0}, 0, []float64{0}),
	} {
		var svg bytes.Buffer
		if err := c.SVG(&svg); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text := svg.String(); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: coordinates that are not finite", name)
		}
	}
}

// Names stand below their points instead of numbers, and a single point has a place.
func TestNamesOfPoints(t *testing.T) {
	for _, names := range [][]string{{"conv1"}, {"conv1", "a<b", "a layer with quite a long name"},
		{"backbone.stage4.block4.bottleneck.projection_with_a_long_name", "conv1"}} {
		l := Line{Name: "8 bits"}
		for i := range names {
			l.X, l.Y = append(l.X, float64(i)), append(l.Y, 30)
		}
		var svg bytes.Buffer
		if err := (Chart{XNames: names, Lines: []Line{l}, Bottom: math.Inf(-1)}).SVG(&svg); err != nil {
			t.Fatal(err)
		}
		text := svg.String()
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || !strings.Contains(text, ">conv1<") {
			t.Errorf("%v: names or coordinates are missing:\n%s", names, text)
		}
		if strings.Contains(text, "backbone") && !strings.Contains(text, ">backbone.stage4.block4…_long_name<") {
			t.Errorf("a long name has its middle:\n%s", text)
		}
		if left, long := leftOf(t, text), len(names[0]) > 10; left < 0 != long {
			t.Errorf("%v: the picture begins at %d", names, left)
		}
		wellFormed(t, text)
	}
}

// The greatest number of a heat map is darkest, what is not above 0 is white, and what is no
// number is refused.
// leftOf is where a picture begins.
func leftOf(t *testing.T, svg string) (left int) {
	t.Helper()
	_, view, _ := strings.Cut(svg, `viewBox="`)
	if _, err := fmt.Sscan(view, &left); err != nil {
		t.Fatal(err)
	}
	return left
}

func TestHeat(t *testing.T) {
	h := Heat{Title: "a<b", Columns: []string{"8", "4"}, Rows: []HeatRow{{"fc.weight", []float64{-0.1, 0.5}},
		{"fc", []float64{0, 0.005}}}}
	var svg bytes.Buffer
	if err := h.SVG(&svg); err != nil {
		t.Fatal(err)
	}
	text := svg.String()
	wellFormed(t, text)
	for want, count := range map[string]int{`fill-opacity="0.000"`: 2, `fill-opacity="1.000"`: 1, `fill-opacity="0.500"`: 1,
		">+0.5000<": 1, ">-0.1000<": 1, ">fc.weight<": 1, ">a&lt;b<": 1} {
		if got := strings.Count(text, want); got != count {
			t.Errorf("%s occurs %d times, want %d", want, got, count)
		}
	}
	h.Rows[1].Values[0] = math.NaN()
	if err := h.SVG(io.Discard); err == nil {
		t.Error("a cell that is no number is drawn")
	}
	none := Heat{Columns: []string{"8"}, Rows: []HeatRow{{"fc", []float64{0}}}}
	svg.Reset()
	if err := none.SVG(&svg); err != nil || strings.Contains(svg.String(), "NaN") {
		t.Errorf("a map of zeros: %v\n%s", err, &svg)
	}
}

// A title may name any folder without breaking the picture.
func TestWordsAreEscaped(t *testing.T) {
	var svg bytes.Buffer
	if err := Share("a<b & \x01", "test accuracy", []float64{0.5}, 0.5, nil).SVG(&svg); err != nil {
		t.Fatal(err)
	}
	if text := svg.String(); !strings.Contains(text, ">a&lt;b &amp; \uFFFD<") {
		t.Errorf("the title is not escaped:\n%s", text)
	}
	wellFormed(t, svg.String())
}

func TestValuesMustBeFinite(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if err := Loss("", "test loss", []float64{1, v}, 1, nil).SVG(io.Discard); err == nil {
			t.Errorf("a loss of %v is drawn", v)
		}
	}
}

// Points below the bottom are outside the part that is shown.
func TestTheFirstEpochsAreCutOff(t *testing.T) {
	_, y, err := Share("", "test accuracy", []float64{0.1, 0.8, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95}, 0.93, []float64{0.95}).axes()
	if err != nil {
		t.Fatal(err)
	}
	if y.from < 80 || y.at(y.from) != bottom || y.at(10) < bottom+dot {
		t.Errorf("the lowest value is %v at %v, 10 is at %v: want it below %d", y.from, y.at(y.from), y.at(10),
			bottom+dot)
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	if i := strings.Index(text, "%!"); i >= 0 {
		t.Errorf("%.40q: a verb without its operand", text[i:])
	}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNamesKeepTheirDistance(t *testing.T) {
	places := []float64{95, 96, 97, 98}
	spread(places, 10, 0, 100)
	for i, p := range places {
		if p < 0 || p > 100 || i > 0 && p-places[i-1] < 10 {
			t.Fatalf("got %v: want 0 to 100 and distances of 10", places)
		}
	}
}

func TestTicksAreRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		min, max float64
		want     string
	}{
		{0, 12, "0 2 4 6 8 10 12"},
		{94.9, 97.8, "95.0 95.5 96.0 96.5 97.0 97.5"},
		{-0.003, 0.0021, "-0.003 -0.002 -0.001 0.000 0.001 0.002"},
	} {
		var labels []string
		for _, tick := range (axis{from: c.min, to: c.max}).ticks() {
			labels = append(labels, tick.label)
			if math.Abs(tick.value) > 100 {
				t.Errorf("tick at %v", tick.value)
			}
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%v to %v: got %s, want %s", c.min, c.max, got, c.want)
		}
	}
}
