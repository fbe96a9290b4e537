package datasets

import (
	"bytes"
	"encoding/binary"
)

// Where pictures keep Exif's data, which is a TIFF file: JIS X 5060 (Exif 2.32),
// section 4.5; PNG, third edition, section 11.3.4.5; WebP Container
// Specification, RFC 9649, section 2.7.1.5.

// exifJPEG looks for the segment APP1 that begins with "Exif".
func exifJPEG(file []byte) []byte {
	const app1, scan = 0xe1, 0xda
	for at := 2; at+4 <= len(file) && file[at] == 0xff && file[at+1] != scan; {
		if file[at+1] == 0xff { // filling
			at++
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if end < at+4 || end > len(file) {
			return nil
		}
		if data, ok := bytes.CutPrefix(file[at+4:end], []byte("Exif\x00\x00")); ok && file[at+1] == app1 {
			return data
		}
		at = end
	}
	return nil
}

// exifPNG looks for the chunk eXIf: length, name, data, checksum.
func exifPNG(file []byte) []byte {
	for at := 8; at+12 <= len(file); {
		n := int64(binary.BigEndian.Uint32(file[at:]))
		if n > int64(len(file)-at-12) {
			return nil
		}
		if string(file[at+4:at+8]) == "eXIf" {
			return file[at+8:][:n]
		}
		at += 12 + int(n)
	}
	return nil
}

// exifWebP looks for the chunk EXIF: name, length, data of an even number of
// bytes. Some writers put JPEG's prefix before the data.
func exifWebP(file []byte) []byte {
	for at := 12; at+8 <= len(file); {
		n := int64(binary.LittleEndian.Uint32(file[at+4:]))
		if n > int64(len(file)-at-8) {
			return nil
		}
		if string(file[at:at+4]) == "EXIF" {
			return bytes.TrimPrefix(file[at+8:][:n], []byte("Exif\x00\x00"))
		}
		at += 8 + int(n+n%2)
	}
	return nil
}

// orientation returns the value of tag 274 in the first directory of a TIFF
// file: 1 to 8, and 1 if it has none that makes sense.
func orientation(tiff []byte) int {
	const upright, tag = 1, 274
	if v := tiffTag(tiff, tag); v >= 1 && v <= 8 {
		return v
	}
	return upright
}
