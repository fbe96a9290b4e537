//go:build !unix

package main

// outliveFileLimit does nothing: only Unix has a limit that sends a signal.
func outliveFileLimit() {}
