// Package schema reads and writes the part of TensorFlow Lite's file format
// that petrify uses.
//
// The format is a FlatBuffer: tables whose fields have numbers, called slots,
// and refer to other tables, vectors and strings by their distance in bytes.
// [Model.Marshal] writes each object in front of those that it refers to, so
// that the same model gives the same bytes. [Unmarshal] reads what any writer
// wrote, and leaves out what petrify does not write.
//
// # Sources
//
// TensorFlow Lite, schema.fbs, version 3 (slots, codes, defaults). FlatBuffers,
// "FlatBuffer Internals" (tables, vtables, alignment).
package schema
