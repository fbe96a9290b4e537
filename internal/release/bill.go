package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// bill is the program's bill of materials in the form of CycloneDX 1.6, ECMA-424.
func bill(name string, c commit, modules []module) ([]byte, error) {
	program := component{
		Type: "application", Ref: name, Name: "petrify", Version: c.version, Licenses: []license{named("Apache-2.0")},
	}
	b := struct {
		Schema     string      `json:"$schema"`
		Format     string      `json:"bomFormat"`
		Specified  string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Specified: "1.6", Version: 1,
		Metadata: metadata{c.time.Format(time.RFC3339), program},
	}
	for _, m := range modules {
		b.Components = append(b.Components, m.component())
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bill of materials: %w", err)
	}
	return append(text, '\n'), nil
}

type metadata struct {
	Time      string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Licenses   []license  `json:"licenses"`
	URL        string     `json:"purl,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type license struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func named(id string) (l license) {
	l.License.ID = id
	return l
}

// component is the module's row. Advisories know Go's own library as stdlib,
// in versions without "go".
func (m module) component() component {
	version := strings.TrimPrefix(m.version, "go")
	url := fmt.Sprintf("pkg:golang/%s@%s", m.path, strings.ReplaceAll(version, "+", "%2B"))
	c := component{Type: "library", Ref: url, Name: m.path, Version: version, Licenses: []license{named(m.license)},
		URL: url}
	if m.sum != "" {
		c.Properties = []property{{"go.sum", m.sum}}
	}
	return c
}
