package mil

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds how deep types and list values may nest in a file.
const maxDepth = 8

// field is one field of a message: a number in n, or bytes in b.
type field struct {
	key uint64 // number and wire type, see varint and bytes
	n   uint64
	b   []byte
}

// varint and length complete the keys of fields by number. A field of another wire
// type than expected has another key, and is skipped as unknown.
const (
	varint = uint64(protowire.VarintType)
	length = uint64(protowire.BytesType)
	shift  = 3
)

// fields calls visit with every field of the message b, in file order.
func fields(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("not a protobuf message: %w", protowire.ParseError(n))
		}
		b = b[n:]
		f := field{key: protowire.EncodeTag(number, kind)}
		switch kind {
		case protowire.VarintType:
			f.n, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.b, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", number, protowire.ParseError(n))
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func decodeText(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", fmt.Errorf("text %q is not UTF-8", b)
	}
	return string(b), nil
}

// decodeEntry splits one entry of a map.
func decodeEntry(b []byte) (key string, value []byte, err error) {
	err = fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			key, err = decodeText(f.b)
		case 2<<shift | length:
			value = f.b
		}
		return err
	})
	return key, value, err
}

// UnmarshalModel parses the content of a model.mlmodel that holds an ML
// program with one function, main. It does not judge the program: [Check] does.
func UnmarshalModel(b []byte) (*Model, error) {
	m := &Model{}
	program := false
	err := fields(b, func(f field) error {
		switch f.key {
		case 1<<shift | varint:
			m.Version = int32(f.n)
		case 2<<shift | length:
			return m.decodeDescription(f.b)
		case 502<<shift | length:
			program = true
			return m.Program.decode(f.b)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mil: model: %w", err)
	}
	if !program {
		return nil, errors.New("mil: model: holds no ML program (field 502)")
	}
	return m, nil
}

func (m *Model) decodeDescription(b []byte) error {
	return fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			m.Inputs, err = appendFeature(m.Inputs, f.b)
		case 10<<shift | length:
			m.Outputs, err = appendFeature(m.Outputs, f.b)
		case 11<<shift | length:
			m.Label, err = decodeText(f.b)
		case 12<<shift | length:
			m.Scores, err = decodeText(f.b)
		case 100<<shift | length:
			err = m.Metadata.decode(f.b)
		}
		return err
	})
}

func (m *Metadata) decode(b []byte) error {
	return fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			m.Description, err = decodeText(f.b)
		case 2<<shift | length:
			m.Version, err = decodeText(f.b)
		case 3<<shift | length:
			m.Author, err = decodeText(f.b)
		case 4<<shift | length:
			m.License, err = decodeText(f.b)
		case 100<<shift | length:
			key, value, err := decodeEntry(f.b)
			if err != nil {
				return err
			}
			if m.Custom == nil {
				m.Custom = map[string]string{}
			}
			m.Custom[key], err = decodeText(value)
			return err
		}
		return err
	})
}

func appendFeature(list []Feature, b []byte) ([]Feature, error) {
	var feature Feature
	err := fields(b, func(f field) (err error) {
		switch f.key {
		case 1<<shift | length:
			feature.Name, err = decodeText(f.b)
		case 2<<shift | length:
			feature.Description, err = decodeText(f.b)
		case 3<<shift | length:
			err = fields(f.b, feature.decodeType)
		}
		return err
	})
	return append(list, feature), err
}

func (feature *Feature) decodeType(f field) error {
	switch f.key {
	case 1<<shift | length:
		feature.Kind = Number
	case 3<<shift | length:
		feature.Kind = Text
	case 4<<shift | length:
		feature.Kind = Image
		return fields(f.b, feature.decodeImage)
	case 5<<shift | length:
		feature.Kind = Array
		return fields(f.b, feature.decodeArray)
	case 6<<shift | length:
		return fields(f.b, func(f field) error {
			switch f.key {
			case 1<<shift | length:
				feature.Kind = NumberKeys
			case 2<<shift | length:
				feature.Kind = TextTable
			}
			return nil
		})
	}
	return nil
}

func (feature *Feature) decodeImage(f field) error {
	switch f.key {
	case 1<<shift | varint:
		feature.Width = extent(f.n)
	case 2<<shift | varint:
		feature.Height = extent(f.n)
	case 3<<shift | varint:
		feature.Color = Color(f.n)
	}
	return nil
}

// extent is d, or −1 if no tensor is that large.
func extent(d uint64) int {
	if d > maxElements {
		return -1
	}
	return int(d)
}

func (feature *Feature) decodeArray(f field) error {
	switch f.key {
	case 1<<shift | length:
		for b := f.b; len(b) > 0; {
			d, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return fmt.Errorf("feature %q: shape: %w", feature.Name, protowire.ParseError(n))
			}
			feature.Shape = append(feature.Shape, extent(d))
			b = b[n:]
		}
	case 2<<shift | varint:
		for _, c := range arrayCodes {
			if c.code == f.n {
				feature.Element = c.data
			}
		}
	}
	return nil
}
