package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/train"
)

// Load reads a configuration file and applies the overrides. The empty name
// means a file without keys. If anything is wrong, the error is [Faults] and
// lists all mistakes.
func Load(file string, overrides ...Override) (*Config, error) {
	if file == "" {
		return Parse("defaults", nil, overrides...)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return Parse(file, data, overrides...)
}

// Parse is [Load] for a document in memory; faults refer to it by the given
// name.
func Parse(name string, document []byte, overrides ...Override) (*Config, error) {
	r := &reader{file: name, origin: map[*yaml.Node]string{}, where: map[string]string{}}
	root, err := parse(document)
	if err != nil {
		return nil, Faults{{Where: name, Text: strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	for _, o := range overrides {
		o.apply(r, root)
	}
	c := Default()
	c.section().read(r, root, "")
	c.where, c.takes = r.where, r.takes
	c.Data.Sounds.Waves = c.Augment.Resounds()
	if _, said := c.where["weights"]; !said && r.weights != "" {
		c.Weights = r.weights
	}
	r.faults = r.faults.with(c.contradictions())
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return c, nil
}

// contradictions returns the faults of keys that are valid by themselves but
// not together. Checks that need the data are left to [Config.Train].
func (c *Config) contradictions() Faults {
	t, faults := c.training()
	var more train.Faults
	if errors.As(t.Validate(), &more) {
		faults = faults.with(c.locate(more))
	}
	return slices.DeleteFunc(faults, func(f Fault) bool { return f.Key == "data" })
}

// locate adds places in the document to the faults that training found in the
// configuration.
func (c *Config) locate(faults train.Faults) (located Faults) {
	for _, f := range faults {
		key := f.Path
		if within(key, "qat.milestones") {
			key = c.Quantization.milestonesKey(key)
		}
		located = append(located, Fault{c.place(key), key, f.Text})
	}
	return located
}

// place is where a key is, or the block that it would be in, or "defaults".
func (c *Config) place(key string) string {
	for ; key != ""; key = parent(key) {
		if where, ok := c.where[key]; ok {
			return where
		}
	}
	return "defaults"
}

// parse returns the mapping of a document; an empty document is an empty one.
func parse(document []byte) (*yaml.Node, error) {
	var root, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(document))
	err := d.Decode(&root)
	if errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := d.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins: want only one", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return root.Content[0], nil
}
