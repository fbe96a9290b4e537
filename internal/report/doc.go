// Package report makes a page of a run, or of several: one HTML file with all that
// it shows, which asks for nothing else.
//
// [Read] reads the files of a run folder. Whoever has the data adds a [Judgement]
// and the exports. [Write] makes the page of one run, and [WriteComparison] that of
// several.
//
//	r, err := report.Read("runs/digits-cnn")
//	err = report.Write(w, r)
//
// Tables, text and the drawing of the network are made here, with html/template,
// which escapes by context what comes from the user: names of classes, layers and
// folders. Charts are described here ([Chart]) and drawn in the browser by uPlot
// 1.6.32 of the npm registry (MIT licence), which is embedded from the folder uplot
// as it was published. It was chosen for its size: 51 kB, where ECharts has 1 MB
// and Vega-Lite with Vega as much. A content security policy in the page forbids
// every request.
//
// Colours are those of Okabe and Ito ("Color Universal Design", 2008), which people
// with any common kind of colour vision tell apart.
package report
