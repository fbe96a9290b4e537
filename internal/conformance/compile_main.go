package conformance

import (
	"bytes"
	"slices"
	"text/template"

	"petrify/quantized"
)

// entry is what the main function needs to know of a model.
type entry struct {
	Input, Output, Arena bool // whether it is of floats
	Pixels               bool // there is a function for images of bytes
	Sound                bool // there are functions for sounds
}

func entryOf(m *quantized.Model) entry {
	in, out := m.Input, m.Input.Quant
	if a, ok := m.Activation(m.Output); ok {
		out = a.Quant
	}
	e := entry{Input: in.Quant.IsFloat(), Output: out.IsFloat(),
		Pixels: len(in.Shape) == 3 && in.Shape[0] <= 4 && in.PixelScale != 1}
	e.Sound = in.Raw != nil && in.Raw.Sound != nil
	e.Arena = e.Input || slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool { return n.Output.Quant.IsFloat() })
	return e
}

// program is the main function: program MODEL FUNCTION reads inputs and writes
// outputs until there are no more. Memory is allocated to the byte, so that a
// sanitizer notices accesses beyond it.
func program(models []Export) ([]byte, error) {
	entries := make([]entry, len(models))
	for i, m := range models {
		entries[i] = entryOf(m.Model)
	}
	var text bytes.Buffer
	err := mainProgram.Execute(&text, entries)
	return text.Bytes(), err
}

var mainProgram = template.Must(template.New("main.c").Parse(`#include <stdio.h>
#include <stdlib.h>
#include <string.h>
{{range $i, $m := .}}#include "model{{$i}}.h"
{{end}}
typedef struct {
    void (*run)(void *, const void *, void *);
    void (*quantize)(void *, const void *);
    void (*dequantize)(void *, const void *);
    void (*pixels)(void *, const void *);
    void (*listen)(void *, const void *, void *);
    size_t in, out, arena, in_bytes, out_bytes, arena_bytes, sound, scratch;
} model;
{{range $i, $m := .}}
static void run{{$i}}(void *y, const void *x, void *arena)
{
    model{{$i}}_run(y, x, arena);
}
static void quantize{{$i}}(void *y, const void *x)
{
    {{if .Input}}memcpy(y, x, sizeof(float) * MODEL{{$i}}_INPUT_SIZE){{else}}model{{$i}}_quantize(y, x){{end}};
}
static void dequantize{{$i}}(void *y, const void *x)
{
    {{if .Output}}memcpy(y, x, sizeof(float) * MODEL{{$i}}_OUTPUT_SIZE){{else}}model{{$i}}_dequantize(y, x){{end}};
}
static void pixels{{$i}}(void *y, const void *x)
{
    {{if .Pixels}}model{{$i}}_pixels(y, x){{else}}(void)y, (void)x{{end}};
}
static void listen{{$i}}(void *y, const void *x, void *scratch)
{
    {{if .Sound}}model{{$i}}_listen(y, x, scratch){{else}}(void)y, (void)x, (void)scratch{{end}};
}
{{end}}
static const model models[] = {
{{- range $i, $m := .}}
    {run{{$i}}, quantize{{$i}}, dequantize{{$i}}, pixels{{$i}}, listen{{$i}},
     MODEL{{$i}}_INPUT_SIZE, MODEL{{$i}}_OUTPUT_SIZE, MODEL{{$i}}_ARENA_SIZE,
     {{if .Input}}sizeof(float){{else}}1{{end}}, {{if .Output}}sizeof(float){{else}}1{{end}},
     {{if .Arena}}sizeof(float){{else}}1{{end}},
     {{if .Sound}}MODEL{{$i}}_SOUND_SIZE, MODEL{{$i}}_SCRATCH_SIZE{{else}}1, 1{{end}}},
{{- end}}
};

int main(int argc, char **argv)
{
    const model m = models[argc > 1 ? atoi(argv[1]) : 0];
    const char *function = argc > 2 ? argv[2] : "run";
    void *in = malloc(m.in * m.in_bytes), *out = malloc(m.out * m.out_bytes), *arena = malloc(m.arena * m.arena_bytes);
    void *r = malloc(m.in * sizeof(float)), *y = malloc(m.out * sizeof(float));
    void *image = m.in_bytes == 1 ? in : r;
    void *sound = malloc(m.sound * sizeof(int16_t)), *scratch = malloc(m.scratch * sizeof(float));

    memset(arena, 0xaa, m.arena * m.arena_bytes);
    if (strcmp(function, "run") == 0) {
        while (fread(in, m.in_bytes, m.in, stdin) == m.in) {
            m.run(out, in, arena);
            fwrite(out, m.out_bytes, m.out, stdout);
        }
    } else if (strcmp(function, "real") == 0) {
        while (fread(r, sizeof(float), m.in, stdin) == m.in) {
            m.quantize(in, r);
            m.run(out, in, arena);
            m.dequantize(y, out);
            fwrite(y, sizeof(float), m.out, stdout);
        }
    } else if (strcmp(function, "listen") == 0) {
        while (fread(sound, sizeof(int16_t), m.sound, stdin) == m.sound) {
            m.listen(r, sound, scratch);
            fwrite(r, sizeof(float), m.in, stdout);
        }
    } else {
        while (fread(image, 1, m.in, stdin) == m.in) {
            m.pixels(in, image);
            fwrite(in, m.in_bytes, m.in, stdout);
        }
    }
    free(in);
    free(out);
    free(arena);
    free(r);
    free(y);
    free(sound);
    free(scratch);
    return 0;
}
`))
