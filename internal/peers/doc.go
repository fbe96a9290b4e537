// Command peers measures petrify against other people's programs on the machine
// it runs on, and prints a table.
//
//	make bench-peers
//
// Each row is one measure with two sides. The sides take turns, so that
// whatever else the machine does strikes both, and the ratio of a row is the
// median over the turns. Debian has the peers: python3-torch and libopenblas0.
// They run in a Python process of their own (peer.py) that answers one question
// at a time; stock Gorgonia and the copying of memory run in this one.
//
// A new row is a new entry in [rows].
package main
