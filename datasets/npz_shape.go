package datasets

import (
	"fmt"
	"strconv"
	"strings"
)

// layout says what C H W the samples of an array have, and in words how it is
// read: N×H×W or N×H×W×C as images, N×F as features or, with Shape, as images,
// N×L×C or N×L as signals; with ChannelsFirst, C comes after N.
func (a *array) layout(opts Options) (shape [3]int, words string, err error) {
	if len(a.shape) < 2 || a.elements() == 0 {
		return shape, "", fmt.Errorf("array of shape %v, want N×H×W, N×H×W×C or N×F with numbers above 0", a.shape)
	}
	s := a.shape[1:]
	if c := a.in.like; c != nil && (len(s) > 1 || s[0] != c.size()) {
		opts.Shape = [3]int{} // which is for rows
	}
	switch {
	case opts.ChannelsFirst && len(s) < 3 && opts.Shape == [3]int{} && (opts.Layout != "signal" || len(s) < 2):
		return shape, "", fmt.Errorf("array of shape %v has no channels to be first", a.shape)
	case opts.Layout == "signal":
		return a.signals(opts)
	case opts.Layout == "image" && len(s) == 1:
		return shape, "", fmt.Errorf("array of shape %v, want N×H×W or N×H×W×C for images", a.shape)
	case opts.Shape != [3]int{}:
		if len(s) > 1 {
			return shape, "", fmt.Errorf("images of shape %v: the option Shape has no effect", a.shape)
		}
		if opts.Shape[0]*opts.Shape[1]*opts.Shape[2] != s[0] {
			return shape, "", fmt.Errorf("%d columns do not make images of shape %v", s[0], opts.Shape)
		}
		return opts.Shape, "rows as images, " + order(opts.ChannelsFirst, "height × width"), nil
	case len(s) == 1:
		return [3]int{s[0], 1, 1}, "rows of features", nil
	case len(s) == 2:
		return [3]int{1, s[0], s[1]}, "grey images, height × width", nil
	case len(s) > 3:
		return shape, "", fmt.Errorf("array of shape %v, want N×H×W, N×H×W×C or N×F", a.shape)
	case opts.ChannelsFirst:
		return [3]int(s), "images, " + order(true, "height × width"), nil
	}
	return [3]int{s[2], s[0], s[1]}, "images, " + order(false, "height × width"), nil
}

// signals is layout for signals, which are C 1 L.
func (a *array) signals(opts Options) (shape [3]int, words string, err error) {
	switch s := a.shape[1:]; {
	case len(s) == 1:
		return [3]int{1, 1, s[0]}, "signals of one channel", nil
	case len(s) > 2:
		return shape, "", fmt.Errorf("array of shape %v, want N×L×C or N×L for signals", a.shape)
	case opts.ChannelsFirst:
		return [3]int{s[0], 1, s[1]}, "signals, " + order(true, "length"), nil
	default:
		return [3]int{s[1], 1, s[0]}, "signals, " + order(false, "length"), nil
	}
}

// order names axes.
func order(channelsFirst bool, axes string) string {
	if channelsFirst {
		return "channels × " + axes
	}
	return axes + " × channels"
}

// array says how an array of samples was read, and warns where its shape looks
// like another layout.
func (acc *Account) array(a *array, opts Options) {
	sides := strings.ReplaceAll(strings.Trim(fmt.Sprint(a.shape), "[]"), " ", "×")
	_, words, _ := a.layout(opts)
	acc.Values.Type = a.typeName()
	acc.Array = fmt.Sprintf("%s, %s: %s", a.title(), sides, words)
	if opts.Layout != "" || opts.ChannelsFirst {
		return
	}
	const longish, few = 4, 4 // images are less elongated, and their channels no more
	switch s := a.shape[1:]; {
	case len(s) == 2 && (s[0] >= longish*s[1] || s[1] >= longish*s[0]):
		acc.warn("%s is read as %s; if it holds signals, length × channels, set data.layout: signal", a.title(), words)
	case len(s) == 3 && s[0] <= few && s[2] > few:
		acc.warn("%s is read as %s; if channels come first, set data.channels_first: true", a.title(), words)
	}
}

// typeName is NumPy's name of the elements' type, such as uint16.
func (a *array) typeName() string {
	kind := map[byte]string{'u': "uint", 'i': "int", 'f': "float"}[a.descr[1]]
	if kind == "" {
		return "bool"
	}
	return kind + strconv.Itoa(8*int(a.descr[2]-'0'))
}

// title is the array's name in its archive.
func (a *array) title() string {
	name := a.in.name[strings.LastIndex(a.in.name, ": ")+1:]
	return strings.TrimSuffix(strings.TrimSpace(name), ".npy")
}
