package config

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	all, err := Settings([]byte("a: 1\nb:\n  c: [x, 2]\n  d: {}\nlayers:\n- kind: relu\n- kind: linear\n  units: 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(all), "[{a 1} {b.c [x, 2]} {b.d } {layers[0].kind relu} {layers[1].kind linear} "+
		"{layers[1].units 3}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := Settings([]byte("a: [")); err == nil {
		t.Error("no error for half a document")
	}
}

// A changed key is the only difference between what two configurations print.
func TestSettingsOfPrintedConfigurations(t *testing.T) {
	printed := func(change func(c *Config)) map[string]string {
		c, flat := Default(), map[string]string{}
		change(c)
		var b bytes.Buffer
		if err := c.Print(&b); err != nil {
			t.Fatal(err)
		}
		all, err := Settings(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if _, twice := flat[s.Path]; twice {
				t.Errorf("%s is there twice", s.Path)
			}
			flat[s.Path] = s.Value
		}
		return flat
	}
	was, is := printed(func(*Config) {}), printed(func(c *Config) { c.Batch = 7 })
	var differ []string
	for path, v := range is {
		if was[path] != v {
			differ = append(differ, path+" "+was[path]+" "+v)
		}
	}
	if len(was) < 50 || len(was) != len(is) || strings.Join(differ, ", ") != "batch 32 7" {
		t.Errorf("%d and %d keys, of which differ %q", len(was), len(is), differ)
	}
}
