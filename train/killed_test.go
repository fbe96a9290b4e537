package train

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"petrify/internal/kernel"
)

var kills = flag.Int("kills", 4, "how often the kill drill kills")

// The same with a process that is killed, without a chance to write a
// checkpoint, and often in the middle of one: it writes one after each step. Each
// process runs on another of the kernels' paths.
func TestKilledRunEndsLikeTheWholeOne(t *testing.T) {
	c := drill(t, *kills)
	wantResult, want := whole(t, c)
	folder := t.TempDir()
	paths := kernel.Paths()
	for i := range *kills {
		kill(t, folder, paths[i%len(paths)], rand.N(30), rand.N(3*time.Millisecond))
	}
	if last, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler)); err != nil || last == nil ||
		last.Step == 0 {
		t.Fatalf("the killed runs reached nothing: %v", err)
	}
	c.Out, c.Resume = folder, true
	same(t, mustRun(t, c), wantResult, folder, want)
}

// kill starts the run of the drill in a process of its own, the test's binary
// (see TestMain), on a path of the kernels, and kills it after some steps and a
// moment.
func kill(t *testing.T, folder, path string, steps int, moment time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", childJob, *kills, folder), kernel.Variable+"="+path)
	progress, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	child.Stderr = &complaint
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadFull(progress, make([]byte, steps)) // a byte a step
	time.Sleep(moment)
	child.Process.Kill()
	child.Wait() // its error is that it was killed
	if err != nil {
		t.Fatalf("the child ended before its %d steps: %v\n%s", steps, err, &complaint)
	}
}

// drill is a run that is long enough for a number of kills: 48 steps for each.
func drill(t *testing.T, kills int) Config {
	c := everything(t)
	c.Float.Epochs, c.Float.Patience = 3*kills, 0
	return c
}

const childJob = "PETRIFY_TRAIN_TEST_CHILD"

// TestMain runs the tests, or the run that a test will kill.
func TestMain(m *testing.M) {
	var kills int
	var folder string
	if n, _ := fmt.Sscan(os.Getenv(childJob), &kills, &folder); n < 2 {
		flag.Parse()
		os.Exit(m.Run())
	}
	c := drill(&testing.T{}, kills)
	c.Out, c.Resume, c.Checkpoint = folder, true, Interval{Span: Steps(1)}
	c.Events.Step = func(StepEnd) { os.Stdout.Write([]byte{'.'}) }
	if _, err := Run(context.Background(), c); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}
