package main

import (
	"fmt"
	"os"
	"strings"

	"petrify/quantized/integer"
)

const (
	pageFile = "docs/c.md"
	begin    = "<!-- instructions -->\n"
	end      = "<!-- end of instructions -->"
)

// others are CMSIS-NN's instructions for a multiply-accumulate of these networks with the same weights and equal
// outputs, compiled and counted in the same way.
var others = map[[2]string]float64{
	{"ds-cnn", "m4"}: 2.89, {"ds-cnn", "m55"}: 0.68, {"ds-cnn", "m0plus"}: 10.9,
	{"resnet8", "m4"}: 2.39, {"resnet8", "m55"}: 0.39, {"resnet8", "m0plus"}: 7.8,
	{"mobilenet-v1-0.25", "m4"}: 3.22, {"mobilenet-v1-0.25", "m55"}: 0.87, {"mobilenet-v1-0.25", "m0plus"}: 11.6,
	{"autoencoder", "m4"}: 2.25, {"autoencoder", "m55"}: 0.58, {"autoencoder", "m0plus"}: 6.07,
}

// writePage puts the table into the page.
func writePage(path string, all map[key]figure) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := paged(string(text), all)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o666)
}

// paged is the page with the table of these figures.
func paged(page string, all map[key]figure) (string, error) {
	head, rest, ok := strings.Cut(page, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no place for the table: want %s and %s", strings.TrimSpace(begin), end)
	}
	rows, err := table(all)
	return head + begin + rows + end + tail, err
}

// table shows instructions for a multiply-accumulate, code and stack.
func table(all map[key]figure) (string, error) {
	var b strings.Builder
	b.WriteString("| network | core | -O2 | -Os | float32, -O2 | CMSIS-NN, -O2 | code, -O2 | code, -Os | stack, -O2 |\n" +
		"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, n := range networks {
		macs, err := n.products()
		if err != nil {
			return "", err
		}
		for _, c := range cores() {
			of := func(r integer.Requantization, level string) figure {
				return all[key{n.name, c.name, r.String(), level}]
			}
			fast, small, floats := of(integer.Gemmlowp, "-O2"), of(integer.Gemmlowp, "-Os"), of(integer.Float32, "-O2")
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %d | %d | %d |\n", n.name, c.title,
				rate(float64(fast.instructions)/macs), rate(float64(small.instructions)/macs),
				rate(float64(floats.instructions)/macs), rate(others[[2]string{n.name, c.name}]), fast.code, small.code,
				fast.stack)
		}
	}
	return b.String(), nil
}

// rate is a number with three digits; nothing if it is unknown.
func rate(r float64) string {
	switch {
	case r == 0:
		return ""
	case r < 10:
		return fmt.Sprintf("%.2f", r)
	}
	return fmt.Sprintf("%.1f", r)
}
