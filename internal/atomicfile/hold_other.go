//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package atomicfile

// hold does nothing: Windows does not remove open files.
func hold(string) (release func(), err error) { return func() {}, nil }
