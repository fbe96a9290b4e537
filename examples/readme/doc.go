// Package readme tests what the README shows: its Go program, built outside this
// module, and its configurations.
package readme
