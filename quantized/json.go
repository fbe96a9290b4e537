package quantized

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// decodeJSON reads text into the struct that v points to, and accepts only what
// encoding v would give: known keys in their exact spelling, each once, no
// null, arrays of the right length, numbers that fit. Errors give the position
// as line:column.
func decodeJSON(text []byte, v any) error {
	d := &jsonDecoder{text: text, tokens: json.NewDecoder(bytes.NewReader(text))}
	d.tokens.UseNumber()
	err := d.value(reflect.ValueOf(v).Elem())
	if err == nil {
		if _, end := d.tokens.Token(); end != io.EOF {
			err = errors.New("text after the end")
		}
	}
	if err != nil {
		line := 1 + bytes.Count(text[:d.at], []byte("\n"))
		column := d.at - bytes.LastIndexByte(text[:d.at], '\n')
		return fmt.Errorf("%d:%d: %w", line, column, err)
	}
	return nil
}

type jsonDecoder struct {
	text   []byte
	tokens *json.Decoder
	at     int // where the last token begins
}

// next reads a token and notes where it begins.
func (d *jsonDecoder) next() (json.Token, error) {
	at := int(d.tokens.InputOffset())
	for at < len(d.text) && strings.IndexByte(" \t\r\n,:", d.text[at]) >= 0 {
		at++
	}
	d.at = at
	token, err := d.tokens.Token()
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = errors.New("the text ends too early")
	}
	return token, err
}

func (d *jsonDecoder) value(v reflect.Value) error {
	token, err := d.next()
	if err != nil {
		return err
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch delim, _ := token.(json.Delim); {
	case delim == '{' && v.Kind() == reflect.Struct:
		return d.object(v)
	case delim == '[' && v.Kind() == reflect.Slice:
		return d.slice(v)
	case delim == '[' && v.Kind() == reflect.Array:
		return d.array(v)
	}
	return d.scalar(v, token)
}

func (d *jsonDecoder) object(v reflect.Value) error {
	fields := map[string]reflect.Value{}
	collect(fields, v)
	for d.tokens.More() {
		token, err := d.next()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("got %v, want a key", token)
		}
		field, ok := fields[key]
		if !ok {
			return fmt.Errorf("key %q is unknown or occurs twice", key)
		}
		delete(fields, key)
		if err := d.value(field); err != nil {
			return err
		}
	}
	_, err := d.next()
	return err
}

// collect maps the keys of a struct, and of those embedded in it, to fields.
func collect(fields map[string]reflect.Value, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Pointer:
			v.Field(i).Set(reflect.New(f.Type.Elem()))
			collect(fields, v.Field(i).Elem())
		case f.Anonymous:
			collect(fields, v.Field(i))
		case key != "-":
			fields[key] = v.Field(i)
		}
	}
}

func (d *jsonDecoder) slice(v reflect.Value) error {
	for d.tokens.More() {
		element := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(element); err != nil {
			return err
		}
		v.Set(reflect.Append(v, element))
	}
	_, err := d.next()
	return err
}

func (d *jsonDecoder) array(v reflect.Value) error {
	for i := range v.Len() {
		if !d.tokens.More() {
			return fmt.Errorf("%d elements, want %d", i, v.Len())
		}
		if err := d.value(v.Index(i)); err != nil {
			return err
		}
	}
	if d.tokens.More() {
		return fmt.Errorf("more than %d elements", v.Len())
	}
	_, err := d.next()
	return err
}

func (d *jsonDecoder) scalar(v reflect.Value, token json.Token) error {
	text, isText := token.(string)
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if !isText {
			return fmt.Errorf("got %v, want a string", token)
		}
		return u.UnmarshalText([]byte(text))
	}
	if v.Kind() == reflect.String {
		if !isText {
			return fmt.Errorf("got %v, want a string", token)
		}
		v.SetString(text)
		return nil
	}
	if yes, ok := token.(bool); ok && v.Kind() == reflect.Bool {
		v.SetBool(yes)
		return nil
	}
	number, ok := token.(json.Number)
	if !ok {
		return fmt.Errorf("got %v, want %s", token, jsonKind(v.Kind()))
	}
	return setNumber(v, string(number))
}

// setNumber parses text as exactly the type of v.
func setNumber(v reflect.Value, text string) (err error) {
	bits := 0
	if v.CanInt() || v.CanUint() || v.CanFloat() {
		bits = v.Type().Bits()
	}
	switch {
	case v.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, bits)
		v.SetInt(n)
	case v.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, bits)
		v.SetUint(n)
	case v.CanFloat():
		var f float64
		f, err = strconv.ParseFloat(text, bits)
		v.SetFloat(f)
	default:
		return fmt.Errorf("got %s, want %s", text, jsonKind(v.Kind()))
	}
	if err != nil {
		return fmt.Errorf("%s is no %v", text, v.Type())
	}
	return nil
}

func jsonKind(k reflect.Kind) string {
	switch k {
	case reflect.Struct:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Bool:
		return "true or false"
	default:
		return "a number"
	}
}
