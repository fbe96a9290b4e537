package torchfile

import (
	"fmt"
	"strings"

	"petrify/internal/safetensors"
)

// dtypes are the types of the elements of PyTorch's storages; elements of a
// byte are taken as bytes.
var dtypes = map[global]safetensors.DType{
	"torch.FloatStorage": safetensors.F32, "torch.DoubleStorage": safetensors.F64,
	"torch.HalfStorage": safetensors.F16, "torch.BFloat16Storage": safetensors.BF16,
	"torch.LongStorage": safetensors.I64, "torch.IntStorage": safetensors.I32, "torch.ShortStorage": safetensors.I16,
	"torch.CharStorage": safetensors.I8, "torch.ByteStorage": safetensors.U8, "torch.BoolStorage": safetensors.U8,
}

// wrappers are the keys under which training scripts keep a state_dict.
var wrappers = []string{"state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights",
	"params"}

// stateDict finds the dictionary of tensors in what a file holds.
func stateDict(value any) (*dict, error) {
	const deepest = 3
	for range deepest {
		d, ok := value.(*dict)
		if !ok {
			return nil, fmt.Errorf("holds %s and no state_dict: save net.state_dict() with torch.save", describe(value))
		}
		for _, v := range d.values {
			if _, ok := v.(*view); ok {
				return d, nil
			}
		}
		value = d.wrapped()
		if value == nil {
			return nil, fmt.Errorf("holds a dictionary of %s without a state_dict: want tensors, or a dictionary of "+
				"them under one of %s", d.someKeys(), strings.Join(wrappers, " "))
		}
	}
	return nil, fmt.Errorf("holds dictionaries in each other, and no state_dict in the first %d", deepest)
}

// wrapped is what the dictionary holds under one of the usual keys, or the only
// dictionary that it holds.
func (d *dict) wrapped() any {
	for _, key := range wrappers {
		if v := d.get(key); v != nil {
			return v
		}
	}
	var only any
	for _, v := range d.values {
		if _, ok := v.(*dict); ok {
			if only != nil {
				return nil
			}
			only = v
		}
	}
	return only
}

// describe says in a few words what a value is.
func describe(v any) string {
	switch v := v.(type) {
	case object:
		return fmt.Sprintf("an object of %.60s", string(v.class))
	case *view:
		return "one tensor"
	case *list, tuple:
		return "a list"
	case *dict:
		return "a dictionary"
	case string:
		return "a text"
	case nil:
		return "nothing"
	}
	return "a number"
}

// someKeys lists the first keys.
func (d *dict) someKeys() string {
	const most = 8
	var keys []string
	for _, k := range d.keys[:min(len(d.keys), most)] {
		if s, ok := k.(string); ok {
			keys = append(keys, fmt.Sprintf("%.40q", s))
		}
	}
	if len(d.keys) > most {
		keys = append(keys, "…")
	}
	return strings.Join(keys, " ")
}

// prefixes are what wrappers of modules put before all names.
var prefixes = []string{"module.", "_orig_mod."}

// tensors reads the dictionary's tensors; other values are passed over.
func (d *dict) tensors(find memory) (all []safetensors.Tensor, err error) {
	total := int64(0)
	seen := map[string]bool{}
	for i, v := range d.values {
		v, ok := v.(*view)
		name, named := d.keys[i].(string)
		if !ok || !named {
			continue
		}
		if seen[name] {
			return nil, fmt.Errorf("tensor %.80q: there are two of that name", name)
		}
		seen[name] = true
		t, err := v.read(find, &total)
		if err != nil {
			return nil, fmt.Errorf("tensor %.80q: %w", name, err)
		}
		t.Name = name
		all = append(all, t)
	}
	for _, prefix := range prefixes {
		every := true
		for _, t := range all {
			every = every && strings.HasPrefix(t.Name, prefix)
		}
		for i := range all {
			if every {
				all[i].Name = all[i].Name[len(prefix):]
			}
		}
	}
	return all, nil
}

// read copies the elements of a tensor out of its storage; total counts those
// of all tensors.
func (v *view) read(find memory, total *int64) (safetensors.Tensor, error) {
	t := safetensors.Tensor{DType: dtypes[v.storage.class]}
	if t.DType == 0 {
		return t, fmt.Errorf("elements of %.60s are not supported", string(v.storage.class))
	}
	n, err := v.measure(&t)
	if err != nil || n == 0 {
		return t, err
	}
	if *total += n; *total > mostElements {
		return t, fmt.Errorf("more than %d elements in all", mostElements)
	}
	data, err := find(v.storage)
	if err != nil {
		return t, err
	}
	size := int64(t.DType.Size())
	if last := v.last(); last >= int64(len(data))/size {
		return t, fmt.Errorf("element %d of a storage of %d", last, int64(len(data))/size)
	}
	if v.contiguous() {
		t.Data = data[v.offset*size : (v.offset+n)*size]
		return t, nil
	}
	t.Data = make([]byte, 0, n*size)
	index := make([]int64, len(v.size))
	for at := v.offset; ; {
		t.Data = append(t.Data, data[at*size:(at+1)*size]...)
		axis := len(index) - 1
		for ; axis >= 0; axis-- {
			at += v.stride[axis]
			if index[axis]++; index[axis] < v.size[axis] {
				break
			}
			at -= v.stride[axis] * v.size[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return t, nil
		}
	}
}

// measure sets the tensor's shape and counts its elements.
func (v *view) measure(t *safetensors.Tensor) (n int64, err error) {
	wrong := v.offset < 0 || v.offset > mostBytes
	n = 1
	for i, d := range v.size {
		if wrong = wrong || d < 0 || d > mostElements || v.stride[i] < 0 || v.stride[i] > mostBytes; wrong {
			break
		}
		t.Shape = append(t.Shape, int(d))
		n = min(n*d, mostElements+1)
	}
	if wrong || n > mostElements || len(v.size) > 16 {
		return 0, fmt.Errorf("sizes %.16v with strides %.16v from %d on", v.size, v.stride, v.offset)
	}
	return n, nil
}

// last is the place of the last element in the storage.
func (v *view) last() int64 {
	at := v.offset
	for i, d := range v.size {
		at += (d - 1) * v.stride[i]
	}
	return at
}

// contiguous reports whether the elements follow each other.
func (v *view) contiguous() bool {
	step := int64(1)
	for i := len(v.size) - 1; i >= 0; i-- {
		if v.size[i] != 1 && v.stride[i] != step {
			return false
		}
		step *= v.size[i]
	}
	return true
}
