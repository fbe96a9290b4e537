package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"unicode/utf8"

	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/figure"
	"petrify/internal/report"
	"petrify/internal/sums"
	"petrify/quantized"
	"petrify/train"
)

// save writes the frozen model, its default export and the figure into the run
// folder.
func save(out string, r *train.Result) error {
	if err := r.Model.Save(out); err != nil {
		return err
	}
	f := defaultFormat()
	if err := f.write(filepath.Join(out, f.file), r.Model, exportOptions{}); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(out, figureFile), chart(r).SVG)
}

// chart is the accuracy after each epoch, or the loss where nothing is
// classified.
func chart(r *train.Result) figure.Chart {
	headline := r.Summary.Task.Headline()
	draw, measure := figure.Loss, headline.Of
	if headline.Share {
		draw = figure.Share
	}
	var float, qat []float64
	for _, record := range r.Records {
		switch record.Stage {
		case train.Float:
			float = append(float, measure(record.Test))
		case train.PTQ: // a point of its own
		case train.QAT:
			qat = append(qat, measure(record.Test))
		default:
			panic(fmt.Sprintf("a record of stage %v", record.Stage))
		}
	}
	title := fmt.Sprintf("%s on %s, %s, %s bytes", r.Summary.Network, r.Summary.Dataset, bits(r.Model),
		thousands(r.Summary.Size.Quantized))
	return draw(title, "test "+headline.Name, float, measure(r.PTQ), qat)
}

func classifies(r *train.Result) bool { return len(r.Model.Classes) > 0 }

// bits is a summary such as "W8A8", or "W3–8A4–8" where layers differ; 32 is
// float.
func bits(m *quantized.Model) string {
	weights, activations := extent{}, extent{}
	activations.add(m.Input.Quant.Format.Bits)
	for _, n := range m.Nodes {
		activations.add(n.Output.Quant.Format.Bits)
		if n.Weights != nil {
			weights.add(n.Weights.Format.Bits)
		}
	}
	return fmt.Sprintf("W%vA%v", weights, activations)
}

// extent is the least and the greatest number of bits.
type extent struct{ low, high int }

func (e *extent) add(bits int) {
	if bits == 0 {
		bits = 32
	}
	if e.low == 0 || bits < e.low {
		e.low = bits
	}
	e.high = max(e.high, bits)
}

func (e extent) String() string {
	if e.low == e.high {
		return fmt.Sprint(e.high)
	}
	return fmt.Sprintf("%d–%d", e.low, e.high)
}

// printResult prints the run's results and where they are.
func printResult(w io.Writer, out string, r *train.Result) error {
	size := r.Model.Size()
	metrics, heads := r.Summary.Task.MetricsOf(r.Float, r.PTQ, r.QAT), ""
	widths := make([]int, len(metrics))
	for i, of := range metrics {
		widths[i] = max(10, utf8.RuneCountInString(of.Name))
		for _, m := range []train.Metrics{r.Float, r.PTQ, r.QAT} {
			widths[i] = max(widths[i], utf8.RuneCountInString(of.Format(m)))
		}
		heads += fmt.Sprintf("  %*s", widths[i], of.Name)
	}
	row := func(name string, m train.Metrics, bytes int64) {
		cells := ""
		for i, of := range metrics {
			cells += fmt.Sprintf("  %*s", widths[i], of.Format(m))
		}
		fmt.Fprintf(w, "%-5s%s  %8.4f  %12s\n", name, cells, m.Loss, thousands(bytes))
	}
	fmt.Fprintf(w, "%-5s%s  %8s  %12s\n", "", heads, "loss", "bytes")
	row("float", r.Float, size.Float32())
	row("PTQ", r.PTQ, size.Total())
	if r.Model.Origin.Method == "qat" {
		row("QAT", r.QAT, size.Total())
	}
	if step := r.Summary.OutputStep; step > 0 {
		fmt.Fprintf(w, "\nThe outputs are multiples of %.4g.\n", step)
	}
	fmt.Fprintf(w, "\n%.1f %% of float32's bytes and %.1f %% of float16's: weights %s, scales %s,\nzero points "+
		"%s, biases %s",
		percent(size.Total(), size.Float32()), percent(size.Total(), size.Float16()),
		thousands(size.Weights), thousands(size.Scales), thousands(size.Zeros), thousands(size.Biases))
	if size.Float > 0 {
		fmt.Fprintf(w, ", still float32 %s", thousands(size.Float))
	}
	fmt.Fprintln(w, ".")
	if size.Packed < size.Weights {
		fmt.Fprintf(w, "%s of the weights' bytes are unused bits, which an export may pack.\n",
			thousands(size.Weights-size.Packed))
	}
	return list(w, out)
}

// runFile is a file of a run folder: its name or a pattern, and what it is.
type runFile struct{ name, is string }

// runFiles lists what a run writes, apart from SHA256SUMS.
func runFiles() []runFile {
	return []runFile{
		{quantized.TensorsFile, "every integer and scale"},
		{quantized.ManifestFile, "the network and the scales, to read"},
		{defaultFormat().file, "for " + defaultFormat().runs},
		{quantized.ProofFile, "that training, the integers and the files agree"},
		{figureFile, "accuracy after each epoch"},
		{summaryFile, "this table"},
		{"metrics.jsonl", "one line for each epoch"},
		{"layers.jsonl", "how the quantizers suit their tensors, at each evaluation"},
		{floatFile, "the float network"},
		{configFile, "every setting of this run"},
		{"checkpoint-*.safetensors", "where train --resume continues"},
	}
}

// laterFiles lists what the commands report, analyze and search write about a run.
func laterFiles() []string {
	return []string{pageFile, report.TimesFile, analysisFile, sensitivityFile, noiseFile, searchFile, chosenFile, paretoFile}
}

// isRunFile reports whether a run or one of the commands report, analyze and search
// writes a file of the name.
func isRunFile(name string) bool {
	return name == config.ImportFile || slices.Contains(laterFiles(), name) || slices.ContainsFunc(runFiles(), func(f runFile) bool {
		ok, err := filepath.Match(f.name, name)
		return ok && err == nil
	})
}

// list names the files of a run folder.
func list(w io.Writer, out string) error {
	fmt.Fprintf(w, "\n%s\n", out)
	files := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range append(runFiles(), runFile{sums.File, "the SHA-256 of all these"}) {
		fmt.Fprintf(files, "  %s\t%s\n", f.name, f.is)
	}
	return files.Flush()
}

func percent(part, whole int64) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
