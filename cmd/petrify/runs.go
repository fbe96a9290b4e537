package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"petrify/internal/atomicfile"
	"petrify/internal/config"
	"petrify/internal/sums"
	"petrify/quantized"
	"petrify/train"
)

// runInfo is what the list of runs says of one.
type runInfo struct {
	Folder   string    `json:"folder"`
	Date     time.Time `json:"date"` // when its last line was written
	Network  string    `json:"network"`
	Dataset  string    `json:"dataset"`
	Bits     string    `json:"bits,omitempty"`
	Accuracy *float64  `json:"accuracy,omitempty"` // of what ships, or of the last epoch
	Result   string    `json:"result,omitempty"`   // of tasks without classes: their first metric, of what ships
	Bytes    int64     `json:"bytes,omitempty"`
	State    string    `json:"state"`
}

// orders sort the list of runs.
var orders = map[string]func(a, b runInfo) int{
	"date":     func(a, b runInfo) int { return b.Date.Compare(a.Date) },
	"name":     func(a, b runInfo) int { return strings.Compare(a.Folder, b.Folder) },
	"network":  func(a, b runInfo) int { return strings.Compare(a.Network, b.Network) },
	"accuracy": func(a, b runInfo) int { return cmp.Compare(known(b.Accuracy), known(a.Accuracy)) },
	"bytes":    func(a, b runInfo) int { return cmp.Compare(a.Bytes, b.Bytes) },
}

// known is an accuracy, less than any where there is none.
func known(accuracy *float64) float64 {
	if accuracy == nil {
		return -1
	}
	return *accuracy
}

func (c *command) runs() *cobra.Command {
	var order string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "runs [DIR]",
		Short: "List the runs in a folder: date, network, bits, accuracy, state",
		Long: `List the runs in the folder DIR, which by default is runs: when each was written last,
its network and data, its bits, its accuracy, and whether it is finished or where it
was interrupted.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("got %d arguments, want one folder: %s", len(args), cmd.UseLine())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			sorted, ok := orders[order]
			if !ok {
				return usage(fmt.Errorf("--sort %s: want accuracy, bytes, date, name or network", order))
			}
			all, err := listRuns(append(args, "runs")[0])
			if err != nil {
				return err
			}
			slices.SortStableFunc(all, sorted)
			if asJSON {
				return c.printJSON(all)
			}
			return writeRuns(c.stdout, all)
		},
	}
	cmd.Flags().StringVar(&order, "sort", "date", "sort by `KEY`: accuracy, bytes, date, name or network")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON instead of a table")
	return cmd
}

// listRuns finds the runs in a folder, which may be one itself.
func listRuns(folder string) ([]runInfo, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	paths := []string{folder}
	for _, e := range entries {
		paths = append(paths, filepath.Join(folder, e.Name()))
	}
	all := []runInfo{}
	for _, path := range paths {
		if savedConfig(path) == "" {
			continue
		}
		r, err := infoOf(path)
		if err != nil {
			r.State = fmt.Sprintf("damaged: %v", err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no runs: no folder with a %s", folder, configFile)
	}
	return all, nil
}

// infoOf looks at a run's files.
func infoOf(folder string) (r runInfo, err error) {
	r.Folder = folder
	text, err := os.ReadFile(savedConfig(folder))
	if err != nil {
		return r, err
	}
	all, err := config.Settings(text) // whatever keys its version had
	if err != nil {
		return r, fmt.Errorf("%s: %w", savedConfig(folder), err)
	}
	settings := map[string]string{}
	for _, s := range all {
		settings[s.Path] = s.Value
	}
	r.Dataset, r.Network = filepath.Base(settings["dataset"]), cmp.Or(settings["network"], settings["network.name"])
	for _, name := range []string{configFile, "metrics.jsonl", summaryFile} {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil {
			r.Date = info.ModTime()
		}
	}
	if !exists(filepath.Join(folder, sums.File)) { // which a run writes last
		return r, r.unfinished(folder, settings)
	}
	says, err := readSummary(filepath.Join(folder, summaryFile))
	if err != nil {
		return r, err
	}
	r.State, r.Network, r.Dataset, r.Bytes = "finished", says.Network, says.Dataset, says.Size.Quantized
	m, err := quantized.Load(folder)
	if err != nil {
		return r, err
	}
	r.Bits = bits(m)
	if len(m.Classes) > 0 {
		r.Accuracy = &says.QAT.Accuracy
	} else {
		of := says.Task.Headline()
		r.Result = of.Name + " " + of.Format(says.QAT)
	}
	return r, nil
}

// unfinished says how far a run has come.
func (r *runInfo) unfinished(folder string, settings map[string]string) error {
	r.State = "interrupted"
	if _, owned := atomicfile.Claimed(folder); owned {
		r.State = "running"
	}
	text, err := os.ReadFile(filepath.Join(folder, "metrics.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var last train.Record
	if len(text) == 0 || json.Unmarshal(lines[len(lines)-1], &last) != nil { // a line may be half written
		return nil
	}
	if last.Test.Accuracy > 0 {
		r.Accuracy = &last.Test.Accuracy
	}
	switch last.Stage {
	case train.Float:
		r.State += fmt.Sprintf(" after float %d/%s", last.Epoch, settings["float.epochs"])
	case train.QAT:
		r.State += fmt.Sprintf(" after qat %d/%s", last.Epoch, settings["qat.epochs"])
	default:
		r.State += " after " + last.Stage.String()
	}
	return nil
}

// writeRuns prints the list as a table.
func writeRuns(w io.Writer, all []runInfo) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "run\tdate\tnetwork\tdata\tbits\taccuracy\tbytes\tstate")
	for _, r := range all {
		accuracy, size := cmp.Or(r.Result, "–"), "–"
		if r.Accuracy != nil {
			accuracy = fmt.Sprintf("%.2f %%", 100**r.Accuracy)
		}
		if r.Bytes > 0 {
			size = thousands(r.Bytes)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Folder, r.Date.Format("2006-01-02 15:04"), r.Network,
			cmp.Or(r.Dataset, "–"), cmp.Or(r.Bits, "–"), accuracy, size, r.State)
	}
	return t.Flush()
}
