package train

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lastCheckpoint is the newest of a folder.
func lastCheckpoint(t *testing.T, folder string) *checkpoint {
	t.Helper()
	c, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler))
	if err != nil || c == nil {
		t.Fatalf("%s: checkpoint %v, %v", folder, c, err)
	}
	return c
}

// What a run writes grows with its epochs, not with their square: the lines of
// metrics.jsonl are appended to one file, and are in no checkpoint.
func TestJournalIsAppended(t *testing.T) {
	c := small(t)
	c.Out, c.Checkpoint = t.TempDir(), Interval{Span: Epochs(1)}
	c.Float.Epochs = 6
	var file os.FileInfo
	var before []byte
	sizes := map[int64]bool{}
	c.Events.Epoch = func(r Record) {
		path := filepath.Join(c.Out, metricsFile)
		text, err := os.ReadFile(path)
		now, errStat := os.Stat(path)
		if err != nil || errStat != nil {
			t.Fatal(err, errStat)
		}
		if file != nil && !os.SameFile(file, now) || !bytes.HasPrefix(text, before) ||
			bytes.Count(text[len(before):], []byte("\n")) != 1 {
			t.Errorf("the file became\n%s\nfrom\n%s", text, before)
		}
		file, before = now, text
		if r.Stage == Float && r.Epoch > 1 {
			last := lastCheckpoint(t, c.Out)
			last.progress = progress{}
			var b bytes.Buffer
			if err := last.encode(&b); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(last.path)
			if err != nil {
				t.Fatal(err)
			}
			sizes[(info.Size()-int64(b.Len()))/100] = true
		}
	}
	mustRun(t, c)
	if len(sizes) != 1 {
		t.Errorf("the progress of a checkpoint has %v hundred bytes: it grows", sizes)
	}
}

// Lines after those that the checkpoint counts are removed, and lines that
// differ from those are refused.
func TestJournalThatChanged(t *testing.T) {
	wantResult, want := whole(t, small(t))
	for _, tt := range []struct {
		name   string
		change func(path string) error
		says   string // the error, or what is logged
		lost   bool
	}{
		{"a torn line after", func(path string) error { return appendTo(path, `{"stage":"qat","ep`) }, "resumed",
			false},
		{"lines after", func(path string) error { return appendTo(path, strings.Repeat("{}\n", 30)) }, "resumed",
			false},
		{"removed", os.Remove, "the lines until here are lost", true},
		{"a digit", func(path string) error {
			text, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path, bytes.Replace(text, []byte(`"epoch":2`), []byte(`"epoch":3`),
				1), 0o666))
		}, "metrics.jsonl is not what the run has written: bring it back, or remove it", true},
		{"shorter", func(path string) error { return os.Truncate(path, 100) }, "is not what the run has written", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := small(t)
			c.Out, c.Resume = t.TempDir(), true
			interrupted(t, c)
			if err := tt.change(filepath.Join(c.Out, metricsFile)); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
			result, err := Run(t.Context(), c)
			if said := log.String() + errors.Join(err, errors.New("")).Error(); !strings.Contains(said, tt.says) {
				t.Errorf("%s: want %q", said, tt.says)
			}
			switch {
			case !tt.lost:
				same(t, result, wantResult, c.Out, want)
			case err == nil && len(journaled(t, c.Out)) != 2: // of the QAT stage
				t.Errorf("records %v", journaled(t, c.Out))
			}
		})
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
