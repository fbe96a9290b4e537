// Package readme holds the program that the README shows, so that it is
// compiled and run with the tests.
package readme
