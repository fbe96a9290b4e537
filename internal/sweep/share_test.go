package sweep

import (
	"os"
	"path/filepath"
	"testing"
)

// Trials share a float stage if, and only if, their configurations are the same but for what
// comes after it, whichever choices have made them so.
func TestTrialsShareTheirFloatStages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(file, []byte(`
base: {dataset: digits, batch: 16}
axes:
  seed: 1..2
  qat.learning_rate: [0.001, 0.002]
  size: # a and c are the same until the float stage ends, and so are b and d
    a: {batch: 32}
    b: {qat: {epochs: 2}}
    c: {batch: 32, qat: {epochs: 2}, out: elsewhere}
    d: {batch: 16}
    e: {float: {epochs: 3}}
    f: {}
zip:
  - {calibration: [4, 8], float.learning_rate: [0.001, 0.002]}
exclude: [{size: e, seed: 2, calibration: 8}]
`), 0o666); err != nil {
		t.Fatal(err)
	}
	spec, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(spec, "/")
	if err != nil {
		t.Fatal(err)
	}
	key := func(index int) [32]byte { return digest(without(p.document(index), append(afterFloat, idle...)...)) }
	stages := map[[32]byte]int{}
	for a := range p.Len() {
		if s := p.Stage(a); s >= 0 {
			stages[key(a)] = s
		}
		for b := range a {
			same := key(a) == key(b)
			if shared := p.Stage(a) >= 0 && p.Stage(a) == p.Stage(b); shared != same {
				t.Errorf("%s and %s share a stage: %v, want %v", p.Name(p.Trial(a)), p.Name(p.Trial(b)), shared, same)
			}
		}
	}
	if p.Stages() != 11 || len(stages) != 11 {
		t.Errorf("%d stages, of %d configurations: want 11", p.Stages(), len(stages))
	}
}
