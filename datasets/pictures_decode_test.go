package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"slices"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// blocks is a picture of flat blocks, 8×8 pixels each, which JPEG keeps: their
// greys are 40·i, i counting along rows.
func blocks(h, w int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 8*w, 8*h))
	for i := range img.Pix {
		img.Pix[i] = uint8(40 * (i/img.Stride/8*w + i%img.Stride/8))
	}
	return img
}

func encoded(t testing.TB, img image.Image, encode func(io.Writer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func toJPEG(w io.Writer, img image.Image) error { return jpeg.Encode(w, img, nil) }
func toTIFF(w io.Writer, img image.Image) error { return tiff.Encode(w, img, nil) }

func toGIF(w io.Writer, img image.Image) error {
	var greys color.Palette
	for i := range 256 {
		greys = append(greys, color.Gray{uint8(i)})
	}
	p := image.NewPaletted(img.Bounds(), greys)
	draw.Draw(p, p.Rect, img, image.Point{}, draw.Src)
	return gif.Encode(w, p, nil)
}

// A class of .gif beside one of .jpg: both are read, as are .bmp, .tiff and
// .webp.
func TestPictureFormats(t *testing.T) {
	webp, err := os.ReadFile("testdata/turned.webp")
	if err != nil {
		t.Fatal(err)
	}
	img := blocks(2, 3)
	for name, c := range map[string]struct {
		file []byte
		want []uint8 // greys of the blocks
	}{
		"a.png":  {encoded(t, img, png.Encode), nil},
		"a.JPG":  {encoded(t, img, toJPEG), nil},
		"a.jpeg": {encoded(t, img, toJPEG), nil},
		"a.gif":  {encoded(t, img, toGIF), nil},
		"a.bmp":  {encoded(t, img, bmp.Encode), nil},
		"a.tif":  {encoded(t, img, toTIFF), nil},
		"a.TIFF": {encoded(t, img, toTIFF), nil},
		"a.webp": {webp, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"train/c/" + name: c.file, "test/c/" + name: c.file}
			set, err := Open(write(t, files), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if name == "a.webp" {
				if set.Shape != [3]int{3, 3, 2} {
					t.Errorf("shape %v, want 3×2 in colour", set.Shape)
				}
				return
			}
			checkBlocks(t, set, 2, 3)
		})
	}
}

// checkBlocks checks the first picture: an upright blocks(h, w), with the
// errors of JPEG.
func checkBlocks(t *testing.T, set *Set, h, w int) {
	t.Helper()
	if set.Shape[1] != 8*h || set.Shape[2] != 8*w {
		t.Fatalf("shape %v, want %d×%d", set.Shape, 8*h, 8*w)
	}
	for i, p := range set.Train.pixels(0, set.size()) {
		at := i / set.Shape[0]
		want := 40 * (at/(8*w)/8*w + at%(8*w)/8)
		if d := int(p) - want; d < -2 || d > 2 {
			t.Fatalf("row %d, column %d is %d, want %d", at/(8*w), at%(8*w), p, want)
		}
	}
}

// The frame of a GIF may be a part of its canvas.
func TestPictureFrameInCanvas(t *testing.T) {
	frame := image.NewPaletted(image.Rect(1, 1, 3, 2), color.Palette{color.White})
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0},
		Config: image.Config{Width: 4, Height: 3}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := decodePicture(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var grey []uint16
	for i := 0; i < len(r.pix); i += 3 {
		grey = append(grey, r.pix[i])
	}
	if want := []uint16{0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0}; r.h != 3 || !slices.Equal(grey, want) {
		t.Errorf("%d rows of greys %v, want %v", r.h, grey, want)
	}
}

// 16 bits per channel, of which a camera uses 12: none is lost, upright and scaled
// alike, and grey and colour.
func TestPicturesOf16Bits(t *testing.T) {
	grey, colour := image.NewGray16(image.Rect(0, 0, 64, 64)), image.NewNRGBA64(image.Rect(0, 0, 64, 64))
	for i := range 4096 {
		grey.SetGray16(i%64, i/64, color.Gray16{uint16(i)})
		colour.SetNRGBA64(i%64, i/64, color.NRGBA64{uint16(i), uint16(4095 - i), uint16(16 * i), 0xffff})
	}
	for name, c := range map[string]struct {
		file []byte
		want func(i int) []float32
	}{
		"grey.png":    {encoded(t, grey, png.Encode), func(i int) []float32 { return []float32{float32(i)} }},
		"grey.tiff":   {encoded(t, grey, toTIFF), func(i int) []float32 { return []float32{float32(i)} }},
		"colour.png":  {encoded(t, colour, png.Encode), nil},
		"colour.tiff": {encoded(t, colour, toTIFF), nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"train/c/" + name: c.file, "test/c/" + name: c.file}
			set, err := Open(write(t, files), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if set.Train.Values == nil {
				t.Fatalf("read as bytes: %v …", set.Train.Images[:8])
			}
			for i := range 4096 {
				want := []float32{float32(i), float32(4095 - i), float32(16 * i)}
				if c.want != nil {
					want = c.want(i)
				}
				if got := set.Train.Values[i*len(want):][:len(want)]; !slices.Equal(got, want) {
					t.Fatalf("pixel %d is %v, want %v", i, got, want)
				}
			}
			a := set.Account
			if a.Pictures.Depth != 16 || a.Values.Type != "uint16" || set.PixelScale != 1 {
				t.Errorf("account %v, %v; scale %v", a.Pictures, a.Values, set.PixelScale)
			}
		})
	}
	t.Run("scaled and turned", func(t *testing.T) {
		img := image.NewGray16(image.Rect(0, 0, 2, 4)) // columns 1000 and 3000, first rows 1
		for i := range 8 {
			img.SetGray16(i%2, i/2, color.Gray16{uint16(1000 + 2000*(i%2) + i/4)})
		}
		file := pngExif(encoded(t, img, png.Encode), exif(binary.BigEndian, 6))
		files := map[string][]byte{"train/c/a.png": file, "test/c/a.png": file}
		set, err := Open(write(t, files), Options{Size: [2]int{2, 2}})
		if err != nil {
			t.Fatal(err)
		}
		if want := []float32{1001, 1000, 3001, 3000}; !slices.Equal(set.Train.Values, want) {
			t.Errorf("values %v, want %v", set.Train.Values, want)
		}
	})
	t.Run("8 bits beside 16", func(t *testing.T) {
		white := picture(t, 64, 64, color.White)
		dir := write(t, map[string][]byte{"c/1.png": encoded(t, grey, png.Encode), "c/2.png": white})
		_, err := Open(dir, Options{})
		wantError(t, err, dir+"/c/2.png has 8 bits per channel, "+dir+"/c/1.png 16", "one depth")
	})
	t.Run("memory", func(t *testing.T) {
		file := encoded(t, grey, png.Encode)
		dir := write(t, map[string][]byte{"c/1.png": file, "c/2.png": file})
		_, err := Open(dir, Options{Memory: 2*4*4096 - 1})
		wantError(t, err, "c/1.png", "need 32768 bytes")
		if _, err := Open(dir, Options{Memory: 2 * 4 * 4096}); err != nil {
			t.Errorf("with just enough memory: %v", err)
		}
	})
}

// exif is a TIFF file with the tags of a camera, orientation among them.
func exif(order binary.AppendByteOrder, orientation int) []byte {
	b := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II")
	}
	b = order.AppendUint32(order.AppendUint16(b, 42), 8)
	b = order.AppendUint16(b, 3)
	entry := func(tag, kind uint16, value uint32, short bool) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), 1)
		if short {
			b = order.AppendUint16(order.AppendUint16(b, uint16(value)), 0)
		} else {
			b = order.AppendUint32(b, value)
		}
	}
	entry(256, 4, 640, false)
	entry(274, 3, uint32(orientation), true)
	entry(282, 5, 8, false)
	return order.AppendUint32(b, 0)
}

// jpegExif puts Exif's data after another application's segment.
func jpegExif(file, exif []byte) []byte {
	b := append([]byte(nil), file[:2]...)
	b = append(b, "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	b = binary.BigEndian.AppendUint16(append(b, 0xff, 0xe1), uint16(8+len(exif)))
	return append(append(append(b, "Exif\x00\x00"...), exif...), file[2:]...)
}

func pngExif(file, exif []byte) []byte {
	const header = 33 // signature and IHDR
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(exif)))
	chunk = append(append(chunk, "eXIf"...), exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return slices.Concat(file[:header], chunk, file[header:])
}

// tiffExif adds an entry to the directory, which the encoder writes last.
func tiffExif(file []byte, orientation int) []byte {
	le := binary.LittleEndian
	at := int(le.Uint32(file[4:]))
	n := int(le.Uint16(file[at:]))
	entries := file[at+2:][:12*n]
	b := le.AppendUint16(slices.Clone(file), uint16(n+1))
	le.PutUint32(b[4:], uint32(len(file)))
	i := 0
	for i < n && le.Uint16(entries[12*i:]) < 274 {
		i++
	}
	b = append(b, entries[:12*i]...)
	b = le.AppendUint32(le.AppendUint16(le.AppendUint16(b, 274), 3), 1)
	b = le.AppendUint32(b, uint32(orientation))
	return le.AppendUint32(append(b, entries[12*i:]...), 0)
}

// stored is how a camera stores an upright picture with an orientation. TIFF
// 6.0 says where the first row and the first column of the file are seen.
func stored(img *image.Gray, orientation int) *image.Gray {
	seen := [9][2]string{1: {"top", "left"}, {"top", "right"}, {"bottom", "right"}, {"bottom", "left"},
		{"left", "top"}, {"right", "top"}, {"right", "bottom"}, {"left", "bottom"}}[orientation]
	h, w := img.Rect.Dy(), img.Rect.Dx()
	place := func(side string, k int) (y, x int) {
		switch side {
		case "top":
			return k, 0
		case "bottom":
			return h - 1 - k, 0
		case "left":
			return 0, k
		}
		return 0, w - 1 - k
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	if orientation > 4 {
		out = image.NewGray(image.Rect(0, 0, h, w))
	}
	for i := range out.Rect.Dy() {
		for j := range out.Rect.Dx() {
			y, x := place(seen[0], i)
			y2, x2 := place(seen[1], j)
			out.SetGray(j, i, img.GrayAt(x+x2, y+y2))
		}
	}
	return out
}

// A photograph that was taken with the camera turned is read upright.
func TestPicturesTurnedUpright(t *testing.T) {
	for o := 1; o <= 8; o++ {
		img := stored(blocks(2, 3), o)
		for name, file := range map[string][]byte{
			"big.jpg":    jpegExif(encoded(t, img, toJPEG), exif(binary.BigEndian, o)),
			"little.jpg": jpegExif(encoded(t, img, toJPEG), exif(binary.LittleEndian, o)),
			"a.png":      pngExif(encoded(t, img, png.Encode), exif(binary.BigEndian, o)),
			"a.tiff":     tiffExif(encoded(t, img, toTIFF), o),
		} {
			t.Run(fmt.Sprintf("%d %s", o, name), func(t *testing.T) {
				files := map[string][]byte{"train/c/" + name: file, "test/c/" + name: file}
				set, err := Open(write(t, files), Options{})
				if err != nil {
					t.Fatal(err)
				}
				checkBlocks(t, set, 2, 3)
				if turned := set.Account.Pictures.Turned; (turned == 2) != (o > 1) {
					t.Errorf("%d pictures turned", turned)
				}
			})
		}
	}
	webp, err := os.ReadFile("testdata/turned.webp")
	if err != nil {
		t.Fatal(err)
	}
	r, err := decodePicture(webp)
	if err != nil {
		t.Fatal(err)
	}
	var reds []uint16
	for i := 0; i < len(r.pix); i += 3 {
		reds = append(reds, r.pix[i])
	}
	if want := []uint16{120, 0, 160, 40, 200, 80}; r.h != 3 || r.w != 2 || !slices.Equal(reds, want) {
		t.Errorf("%d×%d reds %v, want 3×2 %v", r.h, r.w, reds, want)
	}
}

// Orientation is a hint: no damage to it costs the picture.
func FuzzOrientation(f *testing.F) {
	for o := range 10 {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			data := exif(order, o)
			f.Add(data)
			f.Add(jpegExif([]byte{0xff, 0xd8, 0xff, 0xd9}, data))
			f.Add(pngExif(make([]byte, 33), data))
		}
	}
	if webp, err := os.ReadFile("testdata/turned.webp"); err == nil {
		f.Add(webp)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, found := range [][]byte{data, exifJPEG(data), exifPNG(data), exifWebP(data)} {
			if o := orientation(found); o < 1 || o > 8 {
				t.Errorf("orientation %d", o)
			}
		}
	})
}
