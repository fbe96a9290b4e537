package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the command by its name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"petrify": main, "standin": standIn, "sbatch": sbatchStandIn})
}

// The scripts in testdata/script are the command's specification.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exitcode": exitCode},
	})
}

// exitCode is the script command `exitcode N command…`: it runs the command and
// expects that exit code.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d: %s", got, want, strings.Join(args[1:], " "))
	}
}

// sbatchStandIn takes the place of Slurm's sbatch: it keeps its arguments and the script,
// and numbers the jobs.
func sbatchStandIn() {
	n := 1
	for ; ; n++ {
		f, err := os.OpenFile(fmt.Sprintf("sbatch-%d", n), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			io.Copy(f, os.Stdin)
			f.Close()
			break
		}
	}
	os.WriteFile(fmt.Sprintf("sbatch-%d.args", n), []byte(strings.Join(os.Args[1:], " ")+"\n"), 0o666)
	fmt.Printf("%d;cluster\n", n)
}
