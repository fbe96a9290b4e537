//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package atomicfile

// hold has nothing to do: Windows does not remove what is open.
func hold(string) (release func(), err error) { return func() {}, nil }
