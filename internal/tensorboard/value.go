package tensorboard

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Value is something to show under a tag. Tags with a common beginning up to a slash are
// shown together.
type Value struct{ content message }

// Scalar is a point of a curve.
func Scalar(tag string, v float64) Value {
	m := named(tag)
	m = protowire.AppendFixed32(protowire.AppendTag(m, 2, protowire.Fixed32Type), math.Float32bits(float32(v)))
	return Value{m}
}

// Histogram shows counts in intervals of equal width from least to greatest. What is
// not known of the numbers, their sum and that of their squares, is that of the
// intervals' middles.
func Histogram(tag string, least, greatest float64, counts []int) Value {
	var limits, buckets []float64
	var n, sum, squares float64
	width := (greatest - least) / float64(len(counts))
	for i, count := range counts {
		middle, c := least+(float64(i)+0.5)*width, float64(count)
		limits, buckets = append(limits, least+float64(i+1)*width), append(buckets, c)
		n, sum, squares = n+c, sum+c*middle, squares+c*middle*middle
	}
	if len(limits) > 0 {
		limits[len(limits)-1] = greatest
	}
	var h message
	for i, v := range []float64{least, greatest, n, sum, squares} {
		h.double(protowire.Number(1+i), v)
	}
	h.doubles(6, limits)
	h.doubles(7, buckets)
	m := named(tag)
	m.message(5, h)
	return Value{m}
}

// The plugins of TensorBoard, and the classes of what they show.
const (
	tensorClass = 2
	blobClass   = 3
	floatType   = 1
	stringType  = 7
)

// Text is Markdown.
func Text(tag, markdown string) Value {
	var tensor message
	tensor.int(1, stringType)
	tensor.message(2, nil) // a scalar
	tensor.text(8, markdown)
	return plugged(tag, "text", nil, tensorClass, tensor)
}

// Images are pictures of one size.
func Images(tag string, all []image.Image) (Value, error) {
	size := all[0].Bounds().Size()
	items := []string{strconv.Itoa(size.X), strconv.Itoa(size.Y)}
	for _, m := range all {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			return Value{}, err
		}
		items = append(items, b.String())
	}
	var dim, shape, tensor message
	dim.int(1, int64(len(items)))
	shape.message(2, dim)
	tensor.int(1, stringType)
	tensor.message(2, shape)
	for _, item := range items {
		tensor.text(8, item)
	}
	return plugged(tag, "images", nil, blobClass, tensor), nil
}

// Setting is a hyperparameter: a float64, a bool or a string.
type Setting struct {
	Name  string
	Value any
}

// Start tells TensorBoard's table of hyperparameters that a run has begun.
func Start(settings []Setting, begun time.Time) Value {
	var info message
	for _, s := range settings {
		var value, entry message
		switch v := s.Value.(type) {
		case float64:
			value.double(2, v)
		case bool:
			value.int(4, int64(slices.Index([]bool{false, true}, v)))
		case string:
			value.text(3, v)
		}
		entry.text(1, s.Name)
		entry.message(2, value)
		info.message(1, entry)
	}
	info.double(5, float64(begun.Unix()))
	return hyperparameters("_hparams_/session_start_info", 3, info)
}

// End tells it that the run has finished.
func End(ended time.Time) Value {
	var info message
	info.int(1, 1) // Status: SUCCESS
	info.double(2, float64(ended.Unix()))
	return hyperparameters("_hparams_/session_end_info", 4, info)
}

// hyperparameters holds its message where a plugin's own data are, next to no numbers.
func hyperparameters(tag string, field protowire.Number, info message) Value {
	var content, shape, tensor message
	content.message(field, info)
	shape.message(2, []byte{0x08, 0x00}) // a dimension of size 0
	tensor.int(1, floatType)
	tensor.message(2, shape)
	return plugged(tag, "hparams", content, tensorClass, tensor)
}

func named(tag string) (m message) {
	m.text(1, tag)
	return m
}

// plugged is a tensor that a plugin of TensorBoard shows.
func plugged(tag, plugin string, content message, class int64, tensor message) Value {
	var data, metadata message
	data.text(1, plugin)
	data.message(2, content)
	metadata.message(1, data)
	metadata.int(4, class)
	m := named(tag)
	m.message(9, metadata)
	m.message(8, tensor)
	return Value{m}
}
