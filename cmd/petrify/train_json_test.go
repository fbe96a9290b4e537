package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/graph"
	"petrify/train"
)

var update = flag.Bool("update", false, "write testdata/*.golden again")

// smallRun are the flags of a run of a second.
func smallRun(out string, more ...string) []string {
	return append([]string{"train", "--json", "--set", "network=mlp", "--set", "float.epochs=2", "--set",
		"qat.epochs=1", "--set", "validation=0.1", "--out", out}, more...)
}

// linesOf decodes lines of JSON.
func linesOf(t *testing.T, text []byte) (all []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

// The lines of a run are those of the golden file, but for the numbers that differ
// between machines.
func TestEventLines(t *testing.T) {
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), smallRun("run", "--quiet"), nil, &stdout, &stderr); code != 0 {
		t.Fatal(code, stderr.String())
	}
	for line := range strings.Lines(stderr.String()) { // an mlp of another machine may be worth one
		if !strings.HasPrefix(line, "warning:") {
			t.Errorf("--quiet printed %s", line)
		}
	}
	said := regexp.MustCompile(`\d+\.\d+(e-\d+)?`).ReplaceAllString(
		regexp.MustCompile(`"(time|program)":"[^"]+"`).ReplaceAllString(stdout.String(), `"$1":"…"`), "#")
	said = regexp.MustCompile(`"bytes":\d+`).ReplaceAllString(said, `"bytes":#`)
	said = regexp.MustCompile(`(?m)^{"event":"warning".*\n`).ReplaceAllString(said, "")
	golden := filepath.Join(source, "testdata", "events.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(said), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if said != string(want) {
		t.Errorf("got\n%s\nwant\n%s", said, want)
	}
	documented(t, linesOf(t, stdout.Bytes()))
}

// source is the folder of this package.
var source, _ = os.Getwd()

// documented expects that docs/events.md names each event and its keys.
func documented(t *testing.T, lines []map[string]any) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(source, "..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for row := range strings.Lines(string(page)) {
		if cells := strings.Split(row, "|"); len(cells) > 3 {
			rows[strings.Trim(cells[1], " `")] = row
		}
	}
	for _, l := range lines {
		event := l["event"].(string)
		for key := range l {
			if key != "event" && key != "time" && !strings.Contains(rows[event], "`"+key+"`") {
				t.Errorf("docs/events.md does not say that %s has %s", event, key)
			}
		}
	}
}

// until calls stop when a text has been written.
type until struct {
	bytes.Buffer
	text string
	stop context.CancelCauseFunc
}

func (u *until) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(u.text)) {
		u.stop(errors.New("enough"))
	}
	return u.Buffer.Write(p)
}

// An interrupted run says so in its last line, and the resumed one goes on where it was.
func TestEventLinesOfAnInterruptedRun(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancelCause(t.Context())
	first := &until{text: `"event":"epoch"`, stop: stop}
	if code := run(ctx, smallRun("run"), nil, first, io.Discard); code == 0 {
		t.Fatal("the run was not interrupted")
	}
	lines := linesOf(t, first.Bytes())
	end := lines[len(lines)-1]
	if end["event"] != "end" || end["state"] != "interrupted" || !strings.Contains(end["error"].(string), "enough") {
		t.Errorf("the last line is %v", end)
	}
	if _, ok := end["qat"]; ok {
		t.Errorf("an interrupted run has a result: %v", end)
	}
	var second bytes.Buffer
	if code := run(t.Context(), smallRun("run", "--resume"), nil, &second, io.Discard); code != 0 {
		t.Fatal(code)
	}
	again := linesOf(t, second.Bytes())
	if again[0]["resume"] != true || again[1]["event"] != "stage" || again[1]["step"].(float64) == 0 {
		t.Errorf("it resumes with %v", again[:2])
	}
	if last := again[len(again)-1]; last["state"] != "finished" {
		t.Errorf("the last line is %v", last)
	}
	documented(t, append(lines, again...))
}

// Warnings of the log and of petrify itself are lines, with what they are about.
func TestWarningLines(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(io.Discard)
	p.quiet, p.json = true, &eventLines{w: &out}
	p.logger().With("run", 1).Warn("dead", "tensor", `<script>"😀`)
	p.logger().Info("only a note")
	p.warn("poor")
	lines := linesOf(t, out.Bytes())
	if len(lines) != 2 || lines[0]["text"] != "dead" || lines[1]["text"] != "poor" {
		t.Fatalf("got %v", lines)
	}
	if got := lines[0]["values"].(map[string]any); got["run"] != "1" || got["tensor"] != `<script>"😀` {
		t.Errorf("the values are %v", got)
	}
	documented(t, lines)
}

// A network that does not classify has no accuracy, and a reader who has gone is an error.
func TestLinesWithoutClasses(t *testing.T) {
	var out bytes.Buffer
	l := &eventLines{w: &out}
	l.start(train.Config{Network: graph.Network{Loss: graph.MeanSquare}, Data: &datasets.Set{
		Train: &datasets.Split{}, Test: &datasets.Split{}}})
	l.epoch(train.Record{Stage: train.PTQ})
	if strings.Contains(out.String(), "accuracy") || !strings.Contains(out.String(), `"split":"test","loss":0`) {
		t.Error(out.String())
	}
	r, w := io.Pipe()
	r.CloseWithError(errors.New("gone"))
	l = &eventLines{w: w}
	l.put("end", endLine{})
	if err := l.failed(); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v", err)
	}
}
