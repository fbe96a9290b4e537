// Package sample shortens enumerations in tests. With -short, for the race detector
// and other places where tests take ten times as long, a part of the cases is enough:
// all of them run elsewhere.
package sample

import "testing"

// Of is how many of n cases are tried: with -short, one in part, and one at least.
func Of[T ~int | ~uint64](n T, part T) T {
	if testing.Short() {
		return (n + part - 1) / part
	}
	return n
}

// Skips reports whether the ith case is left out: with -short, all but one in part.
func Skips(i, part int) bool { return testing.Short() && i%part != 0 }
