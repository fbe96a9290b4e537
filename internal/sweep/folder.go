package sweep

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"petrify/internal/atomicfile"
	"petrify/internal/config"
)

// The files of a sweep's folder.
const (
	PlanFile     = "sweep.yaml"
	configFile   = "config.yaml"
	attemptsFile = "attempts.jsonl"
	knownFile    = "known.jsonl"
)

// Sweep is a sweep's folder.
type Sweep struct {
	*Plan
	Folder string
	known  map[string]Ending // of trials that have finished elsewhere, by configuration
}

// Create writes a plan into a folder: the plan itself, and a folder with its
// configuration for each trial. If the folder holds this plan already, it is completed; if
// it holds another one, it is refused. The trials whose configurations are among the
// endings in the files known have finished.
func Create(file, folder string, known ...string) (*Sweep, error) {
	spec, err := Read(file)
	if err != nil {
		return nil, err
	}
	here := spec.relative
	if here == "" {
		if here, err = filepath.Abs("."); err != nil {
			return nil, fmt.Errorf("sweep: %w", err)
		}
	}
	plan, err := newPlan(spec, here)
	if err != nil {
		return nil, err
	}
	if err := plan.Check(); err != nil {
		return nil, config.Faults{{Where: file, Text: "the trials' configurations:\n" + err.Error()}}
	}
	s := &Sweep{Plan: plan, Folder: folder}
	if err := s.learn(append([]string{filepath.Join(folder, knownFile)}, known...)); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	text := unsealed(spec.encode(here))
	switch old, err := os.ReadFile(filepath.Join(folder, PlanFile)); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("sweep: %w", err)
	case !bytes.Equal(old, text) && !bytes.Equal(old, seal(text)):
		return nil, fmt.Errorf("sweep: %s holds another plan: choose another folder", folder)
	}
	if err := s.write(seal(text)); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	return s, nil
}

// Open reads the plan of a folder.
func Open(folder string) (*Sweep, error) {
	file := filepath.Join(folder, PlanFile)
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("sweep: %w: want a folder that `petrify sweep plan` wrote", err)
	}
	spec, err := Read(file)
	if err == nil {
		err = sealed(file)
	}
	if err != nil {
		return nil, err
	}
	plan, err := newPlan(spec, spec.relative)
	if err != nil {
		return nil, err
	}
	s := &Sweep{Plan: plan, Folder: folder}
	if err := s.learn([]string{filepath.Join(folder, knownFile)}); err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	return s, nil
}

// sealMark begins the last line of a plan, since a trial is known by its index: in a plan
// that is changed later, results would be of other trials.
const sealMark = "# SHA-256 of all above: "

// seal adds the line.
func seal(plan []byte) []byte {
	return fmt.Appendf(slices.Clip(plan), "%s%x\n", sealMark, sha256.Sum256(plan))
}

// unsealed is a plan without the line, which is a comment of its file.
func unsealed(plan []byte) (rest []byte) {
	for line := range bytes.Lines(plan) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte(sealMark)) {
			rest = append(rest, line...)
		}
	}
	return rest
}

// sealed returns an error if a plan has changed since it was sealed. Plans of earlier
// versions have no seal.
func sealed(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if plan, _, ok := bytes.Cut(text, []byte(sealMark)); ok && !bytes.Equal(text, seal(plan)) {
		return fmt.Errorf("sweep: %s has been changed since the trials were planned: want it as it was, or another folder "+
			"(sweep plan %s --out DIR --known FILE)", file, file)
	}
	return nil
}

// write writes the trials' folders, and last the plan. The many files of the trials are not
// flushed one by one: those that a crash of the system loses are written again by the
// trial itself.
func (s *Sweep) write(plan []byte) error {
	if err := os.MkdirAll(filepath.Join(s.Folder, "trials"), 0o777); err != nil {
		return err
	}
	var group sync.WaitGroup
	faults := make([]error, runtime.GOMAXPROCS(0))
	for part := range faults {
		group.Go(func() {
			for index := part; index < s.Len() && faults[part] == nil; index += len(faults) {
				faults[part] = writeNew(s.TrialFolder(index), s.Config(index))
			}
		})
	}
	group.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if len(s.known) > 0 {
		if err := atomicfile.Write(filepath.Join(s.Folder, knownFile), s.writeKnown); err != nil {
			return err
		}
	}
	return atomicfile.WriteFile(filepath.Join(s.Folder, PlanFile), plan)
}

// writeNew writes a configuration into a folder that has none.
func writeNew(folder string, text []byte) error {
	if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(filepath.Join(folder, configFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// TrialFolder is the folder of a trial's run.
func (s *Sweep) TrialFolder(index int) string {
	digits := len(fmt.Sprint(s.Len() - 1))
	return filepath.Join(s.Folder, "trials", fmt.Sprintf("%0*d", digits, index))
}

// StageFolder is the folder of a float stage that is shared.
func (s *Sweep) StageFolder(stage int) string {
	return filepath.Join(s.Folder, "float", fmt.Sprint(stage))
}

// Trial is the configuration of a trial, whose run is in its folder.
func (s *Sweep) TrialConfig(index int) (*config.Config, error) {
	return s.load(s.TrialFolder(index), s.Config(index))
}

// StageConfig is the configuration of a float stage that is shared.
func (s *Sweep) StageConfig(stage int) (*config.Config, error) {
	return s.load(s.StageFolder(stage), encode(s.shared.stages[stage]))
}

func (s *Sweep) load(folder string, text []byte) (*config.Config, error) {
	c, err := config.Parse(filepath.Join(folder, configFile), text)
	if err != nil {
		return nil, err
	}
	c.Out = folder
	return c, nil
}
