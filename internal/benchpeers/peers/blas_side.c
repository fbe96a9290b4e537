/* The side of OpenBLAS; ../turns/doc.go has the protocol.

       blas_side sgemm N      N×N matrices; a unit is a floating-point operation */

#define _GNU_SOURCE
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

extern char *openblas_get_config(void);
extern char *openblas_get_corename(void);

static size_t size;
static float *a, *b, *c;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + 1e-6 * (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static long peak(void) {
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		sscanf(line, "VmHWM: %ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

static float *numbers(size_t n) {
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
	if (!x) {
		fprintf(stderr, "blas_side: no memory for %zu numbers\n", n);
		exit(1);
	}
	for (size_t i = 0; i < n; i++)
		x[i] = (float)rand() / RAND_MAX - 0.5f;
	return x;
}

static double sgemm(void) {
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, a, size, b, size, 0, c, size);
	return 2.0 * size * size * size;
}

int main(int argc, char **argv) {
	if (argc != 3 || strcmp(argv[1], "sgemm") || (size = strtoul(argv[2], NULL, 10)) < 1) {
		fprintf(stderr, "usage: blas_side sgemm N\n");
		return 1;
	}
	a = numbers(size * size), b = numbers(size * size), c = numbers(size * size);
	sgemm();
	printf("ready %s, its kernels for %s\n", openblas_get_config(), openblas_get_corename());
	fflush(stdout);
	for (double seconds; scanf("%lf", &seconds) == 1; fflush(stdout)) {
		double begin = now(), used = cpu(), units = 0, elapsed;
		do
			units += sgemm();
		while ((elapsed = now() - begin) < seconds);
		printf("%.9f %.0f %.6f %ld\n", elapsed, units, cpu() - used, peak());
	}
	return 0;
}
