// Package work has the Go sides of the table: petrify's kernels, training and
// integer engine, and the same network of Gorgonia's own operators.
//
// Each function prepares its work and returns what does one piece of it. The
// data are random: the speed of a step does not depend on the pictures. Only
// the row of peak memory reads a real data set, because its pixels count.
package work
