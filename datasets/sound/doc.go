// Package sound turns recordings into what a network hears: WAV files into samples
// of 16 bits, and samples into log-mel spectrograms or mel-frequency cepstral
// coefficients (MFCCs).
//
// A microcontroller has to hear what training heard. So the arithmetic is float32,
// every product is rounded before it is added, and logarithms and tables are the
// package's own: C that does the same operations in the same order gets the same
// bits. quantized/carray writes it.
package sound
