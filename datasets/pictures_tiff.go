package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/tiff"
)

// decodeTIFF decodes a TIFF file. The decoder of x/image takes a fax's white for white,
// whatever the file says black is, and bits for in order where no fax is. TIFF 6.0, section 11:
// if the photometric interpretation is that black is zero, a fax's white is black; tag 266.
func decodeTIFF(r io.Reader) (image.Image, error) {
	const compression, photometric, fillOrder = 259, 262, 266
	const group3, group4, blackIsZero, reversed = 3, 4, 1, 2
	file, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	kind := tiffTag(file, compression)
	fax := kind == group3 || kind == group4
	if order := tiffTag(file, fillOrder); order == reversed && !fax {
		return nil, fmt.Errorf("the bits of a byte are in order %d, want 1: the highest first", order)
	}
	img, err := tiff.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if grey, ok := img.(*image.Gray); ok && fax && tiffTag(file, photometric) == blackIsZero {
		for i, v := range grey.Pix {
			grey.Pix[i] = 255 - v
		}
	}
	return img, nil
}

// tiffTag returns the value of a tag in the first directory of a TIFF file that is one number of
// 16 bits; 0 if there is none.
func tiffTag(file []byte, tag uint16) int {
	const short = 3
	if len(file) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(file[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(file[4:]))
	if at > int64(len(file)-2) {
		return 0
	}
	entries := file[at+2:]
	for n := order.Uint16(file[at:]); n > 0 && len(entries) >= 12; n-- {
		// An entry is tag, type, count and, as far as it has room, the value.
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short && order.Uint32(entries[4:]) == 1 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 0
}
