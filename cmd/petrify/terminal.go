package main

import (
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/term"
)

// screen is what a writer can show.
type screen struct {
	terminal bool       // lines can be redrawn
	unicode  bool       // it shows more than ASCII
	columns  func() int // of the window, which may change
}

// usualColumns is the width of a window that does not tell.
const usualColumns = 80

// screenOf looks at a writer and the environment. A dumb terminal cannot redraw lines.
func screenOf(w io.Writer) screen {
	s := screen{unicode: speaksUnicode(os.Getenv), columns: func() int { return usualColumns }}
	f := fileOf(w)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.terminal = os.Getenv("TERM") != "dumb"
	s.columns = func() int {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
		return usualColumns
	}
	return s
}

// speaksUnicode reports whether the locale has UTF-8, as POSIX finds the locale. Go's
// console on Windows has.
func speaksUnicode(getenv func(string) string) bool {
	if runtime.GOOS == "windows" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// forTerminal spells text in ASCII if w is a terminal that shows nothing else. Files and
// pipes always get UTF-8.
func forTerminal(w io.Writer) io.Writer {
	f := fileOf(w)
	if f == nil || speaksUnicode(os.Getenv) || !term.IsTerminal(int(f.Fd())) {
		return w
	}
	return speller{w}
}

// speller writes text in ASCII.
type speller struct{ w io.Writer }

// spellings replace what petrify itself prints.
var spellings = map[rune]string{'–': "-", '…': "...", '×': "x", '·': ".", '’': "'", '█': "#"}

func (s speller) Write(text []byte) (int, error) {
	var b strings.Builder
	for _, r := range string(text) {
		spelling, known := spellings[r]
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case known:
			b.WriteString(spelling)
		default:
			b.WriteByte('?')
		}
	}
	if _, err := io.WriteString(s.w, b.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// fileOf is the file to which w writes, or nil.
func fileOf(w io.Writer) *os.File {
	switch w := w.(type) {
	case *os.File:
		return w
	case speller:
		return fileOf(w.w)
	}
	return nil
}

// The levels of a sparkline.
var (
	blockLevels = []rune("▁▂▃▄▅▆▇█")
	asciiLevels = []rune("_.:-=+*#")
)

// sparkline draws a series from its least to its greatest number, in at most n characters.
func sparkline(series []float64, n int, unicode bool) string {
	levels := asciiLevels
	if unicode {
		levels = blockLevels
	}
	if len(series) > n {
		series = means(series, n)
	}
	if len(series) == 0 {
		return ""
	}
	low, high := slices.Min(series), slices.Max(series)
	line := make([]rune, len(series))
	for i, v := range series {
		level := 0
		if high > low {
			level = int((v - low) / (high - low) * float64(len(levels)-1))
		}
		line[i] = levels[min(max(level, 0), len(levels)-1)]
	}
	return string(line)
}

// means are the means of n parts of a series.
func means(series []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		part := series[i*len(series)/n : (i+1)*len(series)/n]
		for _, v := range part {
			out[i] += v / float64(len(part))
		}
	}
	return out
}

// logs are the logarithms of losses, which fall by factors; losses that reach 0 stay as
// they are.
func logs(losses []float64) []float64 {
	if len(losses) == 0 || slices.Min(losses) <= 0 {
		return losses
	}
	out := make([]float64, len(losses))
	for i, v := range losses {
		out[i] = math.Log(v)
	}
	return out
}
