/*
 * {{.Name}}_test.c: {{.Mark}}
 * Compares what {{.Name}}.c computes on this processor with what petrify computed,
 * for minimal, zero, maximal and random inputs. Exit code 0: all are equal.
 */
#include <stdio.h>

#include "{{.Name}}.h"

#define TRIES {{.Tries}}

{{.Want}}
static {{.In}} in[{{.Macro}}_INPUT_SIZE];
static {{.Out}} out[{{.Macro}}_OUTPUT_SIZE];
static {{.Arena}} arena[{{.Macro}}_ARENA_SIZE];

/* G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003. */
static uint32_t state = 1;

static {{.In}} random_input(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
{{- if .RealInput}}
    return (float)((int32_t)((state >> 8) % 256) - 128) / 64.0f;
{{- else}}
    return (uint8_t)({{.Macro}}_INPUT_MIN + (state >> 8) % ({{.Macro}}_INPUT_MAX - {{.Macro}}_INPUT_MIN + 1));
{{- end}}
}

static {{.In}} input(int try)
{
    switch (try) {
    case 0:
        return {{if .RealInput}}-2.0f{{else}}{{.Macro}}_INPUT_MIN{{end}};
    case 1:
        return {{if .RealInput}}0.0f{{else}}{{.Macro}}_INPUT_ZERO{{end}};
    case 2:
        return {{if .RealInput}}127.0f / 64.0f{{else}}{{.Macro}}_INPUT_MAX{{end}};
    default:
        return random_input();
    }
}

int main(void)
{
    const {{.Out}} *expected = want;
    long differ = 0;

    for (int try = 0; try < TRIES; try++) {
        for (int32_t i = 0; i < {{.Macro}}_INPUT_SIZE; i++) {
            in[i] = input(try);
        }
        {{.Name}}_run(out, in, arena);
        for (int32_t i = 0; i < {{.Macro}}_OUTPUT_SIZE; i++) {
            differ += out[i] != *expected++;
        }
    }
    printf("{{.Name}}: %d inputs, %ld outputs: %ld differ\n", TRIES, (long)TRIES * {{.Macro}}_OUTPUT_SIZE, differ);
    return differ != 0;
}
