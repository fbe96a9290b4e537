package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/train"
)

// checkSummary measures a run again and compares the results with its
// summary.json.
func (s *subject) checkSummary(ctx context.Context, w io.Writer) error {
	if s.graph == nil {
		return nil
	}
	path := filepath.Join(s.folder, summaryFile)
	says, err := readSummary(path)
	if err != nil {
		return err
	}
	float, err := train.ReadWeights(filepath.Join(s.folder, floatFile))
	if err != nil {
		return err
	}
	found, err := train.Summarize(ctx, s.job, s.graph, float)
	if err != nil {
		return err
	}
	said := s.concede(says, &found)
	if err := sameNumbers(path, says, found); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", path, said)
	return err
}

// readSummary reads a run's summary.json.
func readSummary(path string) (says train.Summary, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return says, err
	}
	if err := json.Unmarshal(text, &says); err != nil {
		return says, fmt.Errorf("%s: %w", path, err)
	}
	return says, nil
}

// concede copies from the summary what cannot be measured again, and says what
// was.
func (s *subject) concede(says train.Summary, found *train.Summary) string {
	found.Speed, found.Kernels = says.Speed, says.Kernels
	// The files may have moved, and what is beside them is not read.
	found.Data.Dataset, found.Data.Source, found.Data.Passed = says.Data.Dataset, says.Data.Source, says.Data.Passed
	if found.PTQ == (train.Metrics{}) {
		found.PTQ = says.PTQ
		return "the metrics of float and QAT are confirmed; PTQ's depend on random dropout."
	}
	return "all metrics are confirmed."
}

// sameNumbers names every number in the summary's file that differs from the
// one found.
func sameNumbers(path string, says, found train.Summary) error {
	was, err := leaves(says)
	if err != nil {
		return err
	}
	is, err := leaves(found)
	if err != nil {
		return err
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if was[key] != is[key] {
			faults = append(faults, fmt.Errorf("%s: %s is %v, found is %v", path, key, was[key], is[key]))
		}
	}
	return errors.Join(faults...)
}

// leaves returns the values of v in JSON by path, such as "qat.accuracy".
func leaves(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	flat := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, child := range v {
				walk(path+key+".", child)
			}
		case []any:
			for i, child := range v {
				walk(fmt.Sprintf("%s%d.", path, i), child)
			}
		default:
			flat[strings.TrimSuffix(path, ".")] = v
		}
	}
	walk("", tree)
	return flat, nil
}
