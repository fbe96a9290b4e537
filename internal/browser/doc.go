// Package browser has only tests: they open the pages that "petrify report" makes
// in headless Chromium, over the DevTools protocol, as Debian's package chromium
// has it. The environment variable CHROMIUM names another program.
//
//	go test . -shots FOLDER
//
// also writes pictures of the pages, to look at. It is a module of its own, so that
// the program does not depend on the protocol's client.
package browser
