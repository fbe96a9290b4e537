//go:build !unix

package main

// outliveFileLimit has nothing to do: only Unix has a limit that signals.
func outliveFileLimit() {}
