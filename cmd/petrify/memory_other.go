//go:build !linux

package main

// rooms is empty: only on Linux are limits known.
func rooms() []room { return nil }

// available is how much memory the system can give; 0: unknown.
func available() int64 { return 0 }
