package mil

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Layout of a weight file, version 2, little-endian:
//
//	file header, 64 bytes: u32 number of records, u32 2, zeros
//	record header, 64 bytes, aligned to 64:
//	   0  u32  0xDEADBEEF
//	   4  u32  code of the data type
//	   8  u64  bytes of data
//	  16  u64  offset of the data in the file: the header's + 64
//	  24  u64  unused high bits of the last byte (types below 8 bits)
//	  32  zeros
//	data, then zeros up to the next record; nothing after the last one
const (
	blobAlign   = 64
	blobMagic   = 0xDEADBEEF
	blobVersion = 2
)

// Blobs is a weight file in memory. The zero value is ready to append to.
type Blobs struct {
	file []byte
}

// Record is one entry of a weight file.
type Record struct {
	Offset  uint64 // of the record's header: what a [BlobRef] points at
	Code    uint32 // of the data type, in the weight file's own numbering
	Data    []byte
	Padding int // unused bits at the end of Data
}

// Bytes is the content of the file, nil if nothing was appended.
func (b *Blobs) Bytes() []byte { return b.file }

// Append adds a record with n elements of type d, already in their bytes, and
// returns its offset.
func (b *Blobs) Append(d DataType, n int, data []byte) uint64 {
	if b.file == nil {
		b.file = make([]byte, blobAlign)
		binary.LittleEndian.PutUint32(b.file[4:], blobVersion)
	}
	count := binary.LittleEndian.Uint32(b.file)
	binary.LittleEndian.PutUint32(b.file, count+1)

	offset := align(uint64(len(b.file)))
	b.file = append(b.file, make([]byte, offset-uint64(len(b.file))+blobAlign)...)
	header := b.file[offset:]
	binary.LittleEndian.PutUint32(header[0:], blobMagic)
	binary.LittleEndian.PutUint32(header[4:], d.traits().blob)
	binary.LittleEndian.PutUint64(header[8:], uint64(len(data)))
	binary.LittleEndian.PutUint64(header[16:], offset+blobAlign)
	binary.LittleEndian.PutUint64(header[24:], uint64(len(data)*8-n*d.Bits()))
	b.file = append(b.file, data...)
	return offset
}

func align(offset uint64) uint64 { return (offset + blobAlign - 1) / blobAlign * blobAlign }

// ParseBlobs checks a weight file from its first record to its last and
// returns it. The slice is kept.
func ParseBlobs(file []byte) (*Blobs, error) {
	b := &Blobs{file: file}
	if len(file) == 0 {
		return b, nil
	}
	records, err := b.Records()
	if err != nil {
		return nil, err
	}
	if count := binary.LittleEndian.Uint32(file); int(count) != len(records) {
		return nil, fmt.Errorf("mil: weight file: header says %d records, found %d", count, len(records))
	}
	return b, nil
}

// Records lists all records in file order.
func (b *Blobs) Records() ([]Record, error) {
	if len(b.file) == 0 {
		return nil, nil
	}
	if len(b.file) < blobAlign {
		return nil, errors.New("mil: weight file: shorter than its header")
	}
	if v := binary.LittleEndian.Uint32(b.file[4:]); v != blobVersion {
		return nil, fmt.Errorf("mil: weight file: version %d: want %d", v, blobVersion)
	}
	var records []Record
	for offset := uint64(blobAlign); offset < uint64(len(b.file)); {
		r, err := b.Record(offset)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
		offset = align(offset + blobAlign + uint64(len(r.Data)))
	}
	return records, nil
}

// Record returns the record whose header is at offset.
func (b *Blobs) Record(offset uint64) (Record, error) {
	size := uint64(len(b.file))
	if offset%blobAlign != 0 || offset < blobAlign || offset > size || size-offset < blobAlign {
		return Record{}, fmt.Errorf("mil: weight file: no record at offset %d of %d", offset, size)
	}
	header := b.file[offset:]
	if magic := binary.LittleEndian.Uint32(header); magic != blobMagic {
		return Record{}, fmt.Errorf("mil: weight file: offset %d: %#x is not a record's mark", offset, magic)
	}
	length := binary.LittleEndian.Uint64(header[8:])
	start := binary.LittleEndian.Uint64(header[16:])
	padding := binary.LittleEndian.Uint64(header[24:])
	if start != offset+blobAlign || length > size-start || padding > 7 || padding > length*8 {
		return Record{}, fmt.Errorf("mil: weight file: record at %d: %d bytes of data at %d, %d bits unused, do "+
			"not fit a file of %d bytes",
			offset, length, start, padding, size)
	}
	return Record{
		Offset:  offset,
		Code:    binary.LittleEndian.Uint32(header[4:]),
		Data:    b.file[start : start+length],
		Padding: int(padding),
	}, nil
}
