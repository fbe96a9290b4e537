package train

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

func TestDamagedCheckpointIsRefusedAndThePreviousUsed(t *testing.T) {
	wantResult, want := whole(t, small(t))
	newest := func(folder string) string {
		c, err := (&store{folder: folder}).load(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return c.path
	}
	for _, c := range []struct {
		name   string
		damage func(data []byte) []byte
		says   string
	}{
		{"truncated", func(d []byte) []byte { return d[:len(d)/2] }, "is refused"},
		{"empty", func(d []byte) []byte { return nil }, "is refused"},
		{"a bit turned in the tensors", func(d []byte) []byte { d[len(d)-9] ^= 4; return d }, "SHA-256"},
		{"a number changed in the progress", func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `\"Epoch\":0`, `\"Epoch\":1`, 1))
		}, "SHA-256"},
		{"another program's", func([]byte) []byte { return []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}") },
			"not a checkpoint of petrify"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := small(t)
			config.Out, config.Resume = t.TempDir(), true
			interrupted(t, config)
			path := newest(config.Out)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.damage(data), 0o666); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			config.Log = slog.New(slog.NewTextHandler(&log, nil))
			same(t, mustRun(t, config), wantResult, config.Out, want)
			if !strings.Contains(log.String(), filepath.Base(path)+" is refused") ||
				!strings.Contains(log.String(), c.says) {
				t.Errorf("the log does not name the refused file and the reason:\n%s", &log)
			}
		})
	}
}

func TestTwoDamagedCheckpointsAreAnError(t *testing.T) {
	c := small(t)
	c.Out, c.Resume = t.TempDir(), true
	interrupted(t, c)
	for _, name := range []string{"checkpoint-a.safetensors", "checkpoint-b.safetensors"} {
		if err := os.WriteFile(filepath.Join(c.Out, name), []byte("scratch"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "checkpoint-a.safetensors is refused") ||
		!strings.Contains(err.Error(), "checkpoint-b.safetensors is refused") {
		t.Errorf("got %v, want both files refused by name", err)
	}
}

func TestResumeUnderAnotherConfigurationIsRefused(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	interrupted(t, c)
	c.Resume = true
	c.Float.Epochs = 4
	c.QAT.LearningRate = 0.5
	c.Data = digits(t, 480, 128)
	_, err := Run(t.Context(), c)
	if err == nil {
		t.Fatal("another configuration is resumed")
	}
	for _, part := range []string{
		`float.epochs: the checkpoint has "3", the configuration "4"`,
		`qat.learning_rate: the checkpoint has "0.002", the configuration "0.5"`,
		`data.checksum: the checkpoint has "`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\ndoes not say %s", err, part)
		}
	}
}

func TestResumeUnderOtherMilestonesOfALayerIsRefused(t *testing.T) {
	int8 := fakequant.Int8()
	c := late(t, &int8)
	c.Out = t.TempDir()
	interrupted(t, c)
	c.Resume = true
	c.RuleMilestones = map[graph.Rule]Milestones{linearRule: c.RuleMilestones[linearRule], convRule: {Settle: Never()}}
	changed := c.RuleMilestones[linearRule]
	changed.Quantize = Steps(10)
	c.RuleMilestones[linearRule] = changed
	_, err := Run(t.Context(), c)
	if err == nil {
		t.Fatal("other milestones are resumed")
	}
	_, list, _ := strings.Cut(err.Error(), "another folder:\n")
	want := `  qat.milestones."linear_\d".quantize: the checkpoint has "9 steps", the configuration "10 steps"
  qat.milestones.conv2d.freeze_batch_norm: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.observe: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.quantize: the checkpoint has none, the configuration ""
  qat.milestones.conv2d.settle: the checkpoint has none, the configuration "never"`
	if list != want {
		t.Errorf("got\n%s\nwant\n%s", list, want)
	}
}

func TestUnfinishedRunIsNotOverwritten(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	interrupted(t, c)
	_, err := Run(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(),
		"holds an unfinished run (qat stage, 5 steps): resume it, or remove") {
		t.Errorf("got %v", err)
	}
}

// The checkpoints of a finished run must not outlive the beginning of the next
// one in the same folder, whatever their numbers are.
func TestNewRunAfterAFinishedOne(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	mustRun(t, c)

	c.Seed++
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Resume = true
	other := c
	other.Seed++
	if _, err := Run(t.Context(), other); err == nil ||
		!strings.Contains(err.Error(), "or begin in another folder:\n  seed: ") {
		t.Errorf("another run resumes it: %v", err)
	}
	resumed := mustRun(t, c)
	if _, err := Run(t.Context(), other); err == nil ||
		!strings.Contains(err.Error(), "or begin without resuming:\n  seed: ") {
		t.Errorf("another run resumes the finished one: %v", err)
	}
	c.Out, c.Resume = "", false
	if !reflect.DeepEqual(resumed.Model, mustRun(t, c).Model) {
		t.Error("the new run is not what was resumed")
	}
}

func TestOutThatIsAFile(t *testing.T) {
	c := small(t)
	c.Out = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(c.Out, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), c.Out) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
