package train

import (
	"encoding"
	"reflect"
	"testing"
)

func TestNamesOfEnumerationsReadBack(t *testing.T) {
	type text interface {
		encoding.TextMarshaler
		encoding.TextUnmarshaler
	}
	for _, c := range []struct {
		names []string
		value func(i int) text
	}{
		{shapes[:], func(i int) text { s := Shape(i); return &s }},
		{methodNames(), func(i int) text { m := Method(i); return &m }},
		{phases[:], func(i int) text { p := Phase(i); return &p }},
	} {
		for i, name := range c.names {
			got, err := c.value(i).MarshalText()
			if err != nil || string(got) != name {
				t.Errorf("%T %d: %q, %v, want %q", c.value(i), i, got, err, name)
			}
			back := c.value(0)
			if err := back.UnmarshalText([]byte(name)); err != nil || !reflect.DeepEqual(back, c.value(i)) {
				t.Errorf("%T: %q reads as %v, %v", back, name, back, err)
			}
		}
		if err := c.value(0).UnmarshalText([]byte("none of them")); err == nil {
			t.Errorf("%T reads a name that it does not have", c.value(0))
		}
	}
	if got, want := Shape(9).String()+Method(9).String()+Phase(9).String(), "Shape(9)Method(9)Phase(9)"; got != want {
		t.Errorf("unknown values are called %s, want %s", got, want)
	}
}
