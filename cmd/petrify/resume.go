package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"petrify/train"
)

// savedConfig is the run folder's configuration, or "" if it has none.
func savedConfig(out string) string {
	file := filepath.Join(out, configFile)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// resumable returns an error that says what to do unless the folder holds a
// run that can be continued as its own configuration says.
func resumable(out string) error {
	configured, begun := savedConfig(out) != "", train.HasCheckpoint(out)
	switch {
	case configured && begun:
		return nil
	case configured:
		return fmt.Errorf("%[1]s holds no checkpoint: its run ended before the first one; "+
			"start again: petrify train --config %[2]s --out %[1]s", out, filepath.Join(out, configFile))
	case begun:
		return fmt.Errorf("%s holds a checkpoint but no %s: name the configuration with --config", out, configFile)
	}
	beside := "there is none next to it, either"
	if runs := runsIn(filepath.Dir(filepath.Clean(out))); runs != nil {
		beside = "runs next to it are " + strings.Join(runs, ", ")
	}
	return fmt.Errorf("%s holds no run to resume: no %s and no checkpoint; %s", out, configFile, beside)
}

// runsIn lists the folders in a folder that hold resumable runs.
func runsIn(folder string) (runs []string) {
	entries, _ := os.ReadDir(folder) // none where it cannot be read
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if savedConfig(path) != "" && train.HasCheckpoint(path) {
			runs = append(runs, path)
		}
	}
	return runs
}
