/*
 * The front-end: a window of sound becomes {{if .DCT}}mel-frequency cepstral coefficients{{else}}log-mel bands{{end}}, as in training. Each product is
 * rounded by itself, so that the result is the same to the bit with every compiler and on every processor.
 */
static float times(float a, float b)
{
    const volatile float product = a * b; /* volatile: rounds before it is added */

    return product;
}

/* cos and sin of 2 pi k / {{.FFT}}, k up to half of the circle */
static float turn(int32_t k, float *s)
{
    if (k > {{.Quarter}}) {
        *s = {{.ID}}_cosine[k - {{.Quarter}}];
        return -{{.ID}}_cosine[{{.Half}} - k];
    }
    *s = {{.ID}}_cosine[{{.Quarter}} - k];
    return {{.ID}}_cosine[k];
}

/* An FFT of {{.Half}} pairs of a real and an imaginary part: J. W. Cooley and J. W. Tukey, 1965. */
static void transform(float *x)
{
    for (int32_t i = 0, j = 0; i < {{.Half}}; i++) {
        int32_t bit = {{.Quarter}};

        for (int32_t part = 0; i < j && part < 2; part++) {
            const float moved = x[2 * i + part];

            x[2 * i + part] = x[2 * j + part];
            x[2 * j + part] = moved;
        }
        for (; j & bit; bit /= 2) { /* j is i with its bits reversed */
            j -= bit;
        }
        j += bit;
    }
    for (int32_t half = 1; half < {{.Half}}; half *= 2) {
        for (int32_t k = 0; k < half; k++) {
            float s;
            const float c = turn(k * ({{.Half}} / half), &s);

            for (int32_t i = k; i < {{.Half}}; i += 2 * half) {
                float *a = x + 2 * i;
                float *b = x + 2 * (i + half);
                const float re = times(c, b[0]) + times(s, b[1]);
                const float im = times(c, b[1]) - times(s, b[0]);

                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
        }
    }
}

/* The magnitude of frequency k, from the transform of even samples as real and odd ones as imaginary parts. */
static float magnitude(const float *x, int32_t k)
{
    const float *a = x + 2 * (k % {{.Half}});
    const float *b = x + 2 * ({{.Half}} - k);
    const float even_re = times(0.5f, a[0] + b[0]);
    const float even_im = times(0.5f, a[1] - b[1]);
    const float odd_re = times(0.5f, a[1] + b[1]);
    const float odd_im = times(0.5f, b[0] - a[0]);
    float s;
    const float c = turn(k, &s);
    const float re = even_re + (times(c, odd_re) + times(s, odd_im));
    const float im = even_im + (times(c, odd_im) - times(s, odd_re));

    return sqrtf(times(re, re) + times(im, im));
}

/* The natural logarithm: of x = m 2^e it is 2 (z + z^3 / 3 + z^5 / 5 ...) + e log 2, z = (m - 1) / (m + 1). */
static float logarithm(float x)
{
    int e;
    float m = frexpf(x, &e);

    if (m < {{.RootHalf}}) {
        m *= 2.0f;
        e--;
    }

    const float z = (m - 1.0f) / (m + 1.0f);
    const float square = times(z, z);
    float sum = {{index .Terms 0}};
{{range slice .Terms 1}}
    sum = times(square, sum) + {{.}};
{{- end}}
    sum = times(square, sum);
    return times(2.0f, z + times(z, sum)) + times((float)e, {{.Ln2}});
}

void {{.Name}}_hear(float r[{{.Macro}}_FRAME_SIZE], const int16_t samples[{{.Macro}}_WINDOW_SIZE], float scratch[{{.Macro}}_SCRATCH_SIZE])
{
    float *bands = scratch + {{.FFT}};

    for (int32_t i = 0; i < {{.FFT}}; i++) {
        scratch[i] = 0.0f;
        if (i < {{.Macro}}_WINDOW_SIZE) {
            const int32_t edge = {{.Macro}}_WINDOW_SIZE - i;

            scratch[i] = times((float)samples[i], {{.ID}}_hann[i < edge ? i : edge]);
        }
    }
    transform(scratch);
    for (int32_t j = 0; j < {{.Mels}}; j++) {
        bands[j] = 0.0f;
    }
    for (int32_t j = 0; j <= {{.Mels}}; j++) {
        for (int32_t k = {{.ID}}_first[j]; k < {{.ID}}_first[j + 1]; k++) {
            const float size = magnitude(scratch, k);
            const float up = times({{.ID}}_rise[k - {{.ID}}_first[0]], size);

            if (j < {{.Mels}}) {
                bands[j] += up;
            }
            if (j > 0) {
                bands[j - 1] += size - up;
            }
        }
    }
    for (int32_t j = 0; j < {{.Mels}}; j++) {
        bands[j] = logarithm(bands[j] + {{.Floor}});
    }
    for (int32_t i = 0; i < {{.Macro}}_FRAME_SIZE; i++) {
{{- if .DCT}}
        float sum = 0.0f;

        for (int32_t j = 0; j < {{.Mels}}; j++) {
            sum += times({{.ID}}_dct[{{.Mels}} * i + j], bands[j]);
        }
        r[i] = (sum - {{.Mean}}) / {{.Deviation}};
{{- else}}
        r[i] = (bands[i] - {{.Mean}}) / {{.Deviation}};
{{- end}}
    }
}

void {{.Name}}_listen(float r[{{.Macro}}_INPUT_SIZE], const int16_t samples[{{.Macro}}_SOUND_SIZE], float scratch[{{.Macro}}_SCRATCH_SIZE])
{
    for (int32_t i = 0; i < {{.Macro}}_INPUT_SIZE / {{.Macro}}_FRAME_SIZE; i++) {
        {{.Name}}_hear(r + i * {{.Macro}}_FRAME_SIZE, samples + i * {{.Macro}}_HOP_SIZE, scratch);
    }
}
