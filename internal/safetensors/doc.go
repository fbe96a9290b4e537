// Package safetensors writes and reads the safetensors file format: named
// tensors after a JSON header, no code, nothing to execute.
//
//	bytes 0..7      n, the length of the header, uint64
//	bytes 8..8+n    the header, a JSON object, padded with spaces
//	the rest        the tensors' elements, without gaps
//
// The header maps each tensor's name to its dtype, shape and data_offsets
// {begin, end} counted from the end of the header; the key __metadata__ maps
// strings to strings. All numbers are little-endian, tensors are row-major.
//
// [Encode] is deterministic: the same tensors and metadata give the same bytes,
// whatever their order. Tensors are laid out by decreasing element size, then
// by name, and the header is padded to a multiple of 8 bytes, so that every
// tensor is aligned to its element.
//
// [Decode] trusts nothing. Every tensor must lie in the file, have the size
// that its dtype and shape require, and adjoin its neighbours without gap or
// overlap; names are unique; the header may not exceed 100 MB. It allocates in
// proportion to the header, and the tensors are slices of the input.
//
// The format is described in the README of github.com/huggingface/safetensors,
// section "Format". PyTorch, JAX and most model hubs read and write it.
package safetensors
