// Command release builds petrify for a list of platforms, given as arguments
// such as linux/amd64, and writes what a release consists of:
//
//	petrify_VERSION_OS_ARCH.tar.gz       the program, its licence and everyone else's; a .zip for windows
//	petrify_VERSION_OS_ARCH.cdx.json     the modules that are linked in, as a CycloneDX 1.6 bill of materials
//	SHA256SUMS                           for sha256sum -c
//
// The version is git describe's, and all times are the commit's. Two releases
// of one commit by one version of Go have the same bytes, in whichever folder
// and on whichever machine they are made: paths are trimmed, no user, host or
// hour is written, and entries are sorted.
package main
