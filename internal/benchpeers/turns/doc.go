// Package turns lets processes measure in turns.
//
// A side is a process that has prepared its work. It says "ready" and a name on
// its standard output. Then each line on its standard input, a number of
// seconds, makes it do whole units of work for at least that long, and answer
//
//	elapsed units cpu peak
//
// the seconds it took by its own monotonic clock, the units it did, the seconds
// of processor time of its process, and the KiB of its greatest resident set
// (VmHWM). At the end of its input it ends.
//
// [Serve] is a side in Go; [Start] is the other end of any side. The peers'
// sides are written in Python and C.
package turns
