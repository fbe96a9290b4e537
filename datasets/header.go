package datasets

import (
	"fmt"
	"slices"
)

// Header says whether a table has a row of titles.
type Header uint8

// Whether it has one: as its first rows look, yes, or no.
const (
	HeaderAuto Header = iota
	HeaderTrue
	HeaderFalse
)

func headers() []string { return []string{"auto", "true", "false"} }

// String is its name in a configuration.
func (h Header) String() string {
	if int(h) < len(headers()) {
		return headers()[h]
	}
	return fmt.Sprintf("Header(%d)", uint8(h))
}

// UnmarshalText reads what String writes.
func (h *Header) UnmarshalText(text []byte) error {
	i := slices.Index(headers(), string(text))
	if i < 0 {
		return fmt.Errorf("datasets: header %q, want auto, true or false", text)
	}
	*h = Header(i)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (h Header) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
