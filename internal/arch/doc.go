// Package arch holds one test: it reads the tables of docs/design.md and fails
// on an import that they do not allow. The document is the only place that
// states them, so that it cannot drift from the code.
package arch
