package datasets

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// packed are bytes of binary digits.
func packed(digits string) (all []byte) {
	digits = strings.ReplaceAll(digits, " ", "")
	for ; len(digits)%8 > 0; digits += "0" {
	}
	for b := range slices.Chunk([]byte(digits), 8) {
		n, err := strconv.ParseUint(string(b), 2, 8)
		if err != nil {
			panic(err)
		}
		all = append(all, byte(n))
	}
	return all
}

// bilevel is a TIFF file of two rows of 8 pixels of one bit.
func bilevel(order binary.AppendByteOrder, compression, photometric, fillOrder uint16, data []byte) []byte {
	entries := [][2]uint16{{256, 8}, {257, 2}, {258, 1}, {259, compression}, {262, photometric}, {266, fillOrder},
		{273, 8}, {277, 1}, {278, 2}, {279, uint16(len(data))}}
	magic := "II"
	if order.String() == binary.BigEndian.String() {
		magic = "MM"
	}
	file := order.AppendUint16([]byte(magic), 42)
	for len(data)%2 > 0 {
		data = append(data, 0)
	}
	file = order.AppendUint32(file, uint32(8+len(data)))
	file = append(file, data...)
	file = order.AppendUint16(file, uint16(len(entries)))
	for _, e := range entries {
		file = order.AppendUint16(order.AppendUint16(file, e[0]), 3)
		file = order.AppendUint16(order.AppendUint16(order.AppendUint32(file, 1), e[1]), 0)
	}
	return order.AppendUint32(file, 0)
}

// Each row is three pixels of 0, a fax's white, and five of 1: in each compression of
// bits, with each meaning of 0, and either way round in a byte. Codes are those of T.4 and T.6.
func TestBilevelTIFF(t *testing.T) {
	const eol, white3, black5 = "000000000001", "1000", "0011"
	compressions := map[uint16]string{
		1: "00011111 00011111",
		3: eol + white3 + black5 + eol + white3 + black5 + strings.Repeat(eol, 6),
		4: "001" + white3 + black5 + "11" + eol + eol,
	}
	for compression, digits := range compressions {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for photometric := range uint16(2) {
				for fillOrder := uint16(1); fillOrder <= 2; fillOrder++ {
					t.Run(fmt.Sprintf("compression %d %v black %d order %d", compression, order, photometric, fillOrder),
						func(t *testing.T) {
							data := packed(digits)
							if fillOrder == 2 {
								for i, b := range data {
									data[i] = bits.Reverse8(b)
								}
							}
							checkBilevel(t, bilevel(order, compression, photometric, fillOrder, data),
								photometric == 0, compression == 1 && fillOrder == 2)
						})
				}
			}
		}
	}
}

func checkBilevel(t *testing.T, file []byte, whiteIsZero, refused bool) {
	t.Helper()
	r, err := decodePicture(file)
	if refused {
		if err == nil || !strings.Contains(err.Error(), "order 2, want 1") {
			t.Errorf("error %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		want := uint16(0)
		if (i%8 < 3) == whiteIsZero {
			want = 255
		}
		if got := r.pix[3*i]; got != want {
			t.Errorf("pixel %d is %d, want %d", i, got, want)
		}
	}
}
