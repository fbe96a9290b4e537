package config

import (
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"
)

// Print writes the configuration as YAML, every key with its sentence. The
// result reads back as the same configuration.
func (c *Config) Print(w io.Writer) error {
	out, err := yaml.Dump(c.section().write(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err == nil {
		_, err = w.Write(out)
	}
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// Schema writes the JSON schema of the configuration file, for editors.
func Schema(w io.Writer) error {
	s := Default().section().schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "petrify's configuration"
	s["$defs"] = map[string]any{"module": defaultModule().section().schema(), "layers": layersSchema()}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// reference refers to one of the definitions that [Schema] writes once.
func reference(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }
