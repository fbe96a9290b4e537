// Package mil writes, reads, checks and runs Core ML's ML programs: the typed,
// single-assignment language ("model intermediate language") inside an
// .mlpackage folder.
//
// The actors:
//
//   - [Package] is the folder: a [Model] and its weight file. [Package.Write]
//     and [ReadPackage] move it to and from the disk. - [Model] is the
//     interface (inputs, outputs, metadata) and a [Program]: a list of
//     [Operation] values in topological order. [Model.Marshal] and
//     [UnmarshalModel] translate it to and from protobuf wire format. - [Blobs]
//     is the weight file: 64-byte aligned records of raw numbers. - [Check]
//     repeats what a loader asks of a program: one definition per name, every
//     parameter present, every declared type equal to the inferred one. -
//     [Machine] interprets a program by the definitions of its operations, in
//     float64, rounding each result to its declared type. - [Print] shows a
//     program as text.
//
// Bytes are reproducible: fields ascend, map keys are sorted, and equal models
// are equal files. Tensors are row-major, images are N C H W, weights of
// convolutions O I KH KW, of linear layers O F.
//
// # Sources
//
// Apple Inc., Core ML Tools (github.com/apple/coremltools): the format
// definitions Model.proto, FeatureTypes.proto, MIL.proto, the blob storage
// format version 2, and the op definitions of opsets CoreML6 to CoreML8.
package mil
