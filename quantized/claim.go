package quantized

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The keys under which an exported file names the model that it was made from,
// its proof, and the options that it was written with. Values of the keys that
// end in sha256 are in hexadecimal.
const (
	TensorsKey     = TensorsFile + ".sha256"
	ManifestKey    = ManifestFile + ".sha256"
	ProofKey       = "proof"        // in one line, see [Proof.String]
	ProofDigestKey = "proof.sha256" // see [Proof.Digest]
	ExportKey      = "export"
)

// Digests identify the model: those of model.safetensors and model.json.
func (m *Model) Digests() ([]Digest, error) {
	tensors, manifest, err := m.Encode()
	if err != nil {
		return nil, err
	}
	return []Digest{DigestOf(TensorsFile, tensors), DigestOf(ManifestFile, manifest)}, nil
}

// Facts are the model's digests by the keys of exported files.
func (m *Model) Facts() (map[string]string, error) {
	digests, err := m.Digests()
	if err != nil {
		return nil, err
	}
	return map[string]string{TensorsKey: digests[0].SHA256, ManifestKey: digests[1].SHA256}, nil
}

// FileFacts are [Model.Facts] and everything else that users of an exported
// file must know: what to feed, what the outputs mean, and how it was written,
// in JSON.
func (m *Model) FileFacts(options any) (map[string]string, error) {
	all, err := m.Facts()
	if err != nil {
		return nil, err
	}
	for key, value := range map[string]any{
		"classes": m.Classes, "targets": m.Targets, "input.pixel_scale": m.Input.PixelScale, "input.mean": m.Input.Mean,
		"input.std": m.Input.Std, "input.raw": m.Input.Raw, "origin": m.Origin, ExportKey: options,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("quantized: fact %s: %w", key, err)
		}
		if string(text) != "null" {
			all[key] = string(text)
		}
	}
	return all, nil
}

// AddFacts adds a user's facts to petrify's own, whose keys are reserved.
func AddFacts(own, users map[string]string) error {
	for key, value := range users {
		if _, taken := own[key]; taken {
			return fmt.Errorf("%q: petrify writes that itself: choose another key", key)
		}
		own[key] = value
	}
	return nil
}

// UsersFacts are the facts of a file that are not petrify's own.
func UsersFacts(all, own map[string]string) map[string]string {
	users := map[string]string{}
	for key, value := range all {
		if _, ok := own[key]; !ok {
			users[key] = value
		}
	}
	return users
}

// CheckFacts returns an error if an exported file's facts name another model,
// or none.
func (m *Model) CheckFacts(facts map[string]string) error {
	own, err := m.Facts()
	if err != nil {
		return err
	}
	var faults []error
	for _, key := range []string{TensorsKey, ManifestKey} {
		switch got := facts[key]; got {
		case own[key]:
		case "":
			faults = append(faults, fmt.Errorf("does not say which model it was made of: no %s", key))
		default:
			faults = append(faults, fmt.Errorf("was made of another model: %s is %s, this model's is %s", key, got,
				own[key]))
		}
	}
	return errors.Join(faults...)
}

// Claim is what the proof says about the model itself, one fact per line. It
// leaves out exported files, since they name the proof, and what may differ
// between equivalent proofs: the program's version, and magnitudes.
func (p *Proof) Claim() string {
	var b strings.Builder
	fmt.Fprintf(&b, "petrify proof 1\nnetwork %q\n", p.Network)
	for _, d := range p.Model {
		fmt.Fprintf(&b, "model %q %d bytes sha256 %s\n", d.Name, d.Bytes, d.SHA256)
	}
	fmt.Fprintf(&b, "data %q %q %d samples sha256 %s\noutputs %d\n", p.Data.Name, p.Data.Split, p.Data.Samples,
		p.Data.SHA256, p.Outputs)
	for _, c := range p.Comparisons {
		fmt.Fprintf(&b, "compared %q %q %d elements %d differ\n", c.A, c.B, c.Elements, c.Differing)
	}
	for _, a := range p.Accumulators {
		fmt.Fprintf(&b, "sums %q %d to %d\n", a.Layer, a.Min, a.Max)
	}
	return b.String()
}

// Digest is the SHA-256 of [Proof.Claim], in hexadecimal: the same for every
// proof that says the same about the same model and data.
func (p *Proof) Digest() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(p.Claim()))) }

// Facts are what an exported file says about the proof, by key.
func (p *Proof) Facts() map[string]string {
	claim := *p
	claim.Exports = nil
	return map[string]string{ProofKey: claim.String(), ProofDigestKey: p.Digest()}
}

// LoadProof reads a folder's proof.json and checks it against its own digest.
// If there is none, the error wraps fs.ErrNotExist.
func LoadProof(folder string) (*Proof, error) {
	path := filepath.Join(folder, ProofFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("quantized: %w", err)
	}
	var p Proof
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("quantized: %s: %w", path, err)
	}
	if got := p.Digest(); got != p.SHA256 {
		return nil, fmt.Errorf("quantized: %s: was edited, or written by another version: its sha256 is %s, its "+
			"claim's %s", path, p.SHA256, got)
	}
	return &p, nil
}

// CheckModel returns an error if the proof is about another model.
func (p *Proof) CheckModel(m *Model) error {
	digests, err := m.Digests()
	if err != nil {
		return err
	}
	for i, d := range digests {
		switch {
		case i >= len(p.Model):
			return fmt.Errorf("quantized: the proof does not say which %s it is of", d.Name)
		case p.Model[i].SHA256 != d.SHA256:
			return fmt.Errorf("quantized: the proof is of another model: its %s has SHA-256 %s, this one %s",
				d.Name, p.Model[i].SHA256, d.SHA256)
		}
	}
	return nil
}
