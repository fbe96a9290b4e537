// Package tensorboard writes event files, which TensorBoard shows while they grow.
//
// A file is a sequence of records, each of which holds an Event:
//
//	uint64 length | uint32 masked CRC of these 8 bytes | data | uint32 masked CRC of the data
//
// in little-endian order, with CRC-32C (Castagnoli) and
//
//	masked(c) = (c >> 15 | c << 17) + 0xa282ead8
//
// Every file begins with an Event that has the file's version and one that announces a
// session at a step. TensorBoard drops what earlier files of the folder have from that
// step on, so that a run that was killed and resumed has no step twice.
//
// Sources: TensorFlow, tensorflow/core/lib/io/record_writer.h and
// tensorflow/core/util/event.proto; TensorBoard, tensorboard/compat/proto/summary.proto and
// tensorboard/plugins/hparams/plugin_data.proto.
package tensorboard
