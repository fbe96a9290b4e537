// Command release builds petrify for a list of platforms, given as arguments
// such as linux/amd64, and writes the files of a release:
//
//	petrify_VERSION_OS_ARCH.tar.gz       the program, its licence and those of linked modules; a .zip for windows
//	petrify_VERSION_OS_ARCH.cdx.json     the modules that are linked in, as a CycloneDX 1.6 bill of materials
//	SHA256SUMS                           for sha256sum -c
//
// The version is git describe's, and all times are the commit's. Two releases
// of one commit by one version of Go have the same bytes, in any folder and on
// any machine: paths are trimmed, no user, host or time is written, and entries
// are sorted.
package main
