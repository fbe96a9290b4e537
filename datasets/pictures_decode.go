package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// maxPixels bounds one picture.
const maxPixels = 1 << 26

// pictureFormat is a kind of picture file, recognised by its first bytes. Of
// several frames or pages, the first is read.
type pictureFormat struct {
	name   string
	forms  []string // extensions
	magic  []string // a question mark stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	tiff   func(file []byte) []byte // finds Exif's data: a TIFF file in it
}

// pictureFormats is their table.
func pictureFormats() []pictureFormat {
	return []pictureFormat{
		{"PNG", []string{".png"}, []string{"\x89PNG"}, png.DecodeConfig, png.Decode, exifPNG},
		{"JPEG", []string{".jpg", ".jpeg"}, []string{"\xff\xd8"}, jpeg.DecodeConfig, jpeg.Decode, exifJPEG},
		{"GIF", []string{".gif"}, []string{"GIF8"}, gif.DecodeConfig, gif.Decode, nil},
		{"BMP", []string{".bmp"}, []string{"BM"}, bmp.DecodeConfig, bmp.Decode, nil},
		{"TIFF", []string{".tif", ".tiff"}, []string{"II*\x00", "MM\x00*"}, tiff.DecodeConfig, decodeTIFF,
			func(file []byte) []byte { return file }},
		{"WebP", []string{".webp"}, []string{"RIFF????WEBP"}, webp.DecodeConfig, webp.Decode, exifWebP},
	}
}

// pictureForms lists the extensions of picture files.
func pictureForms() (all []string) {
	for _, f := range pictureFormats() {
		all = append(all, f.forms...)
	}
	return all
}

func isPicture(name string) bool { return slices.Contains(pictureForms(), extension(name)) }

// is reports whether a file begins like one of the format.
func (f pictureFormat) is(file []byte) bool {
	for _, magic := range f.magic {
		same := len(file) >= len(magic)
		for i := 0; same && i < len(magic); i++ {
			same = magic[i] == '?' || magic[i] == file[i]
		}
		if same {
			return true
		}
	}
	return false
}

// picture reads the picture at path.
func (l *loading) picture(path string) (raster, error) {
	l.image.Reset()
	if _, err := l.pour(&l.image, path); err != nil {
		return raster{}, err
	}
	r, err := decodePicture(l.image.Bytes())
	if err != nil {
		return raster{}, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return r, nil
}

// decodePicture decodes a picture of any format, puts what is transparent on
// black and turns it as its orientation says.
func decodePicture(file []byte) (raster, error) {
	var names []string
	for _, f := range pictureFormats() {
		if f.is(file) {
			return f.raster(file)
		}
		names = append(names, f.name)
	}
	return raster{}, fmt.Errorf("not a picture; want one of %s", strings.Join(names, ", "))
}

func (f pictureFormat) raster(file []byte) (raster, error) {
	c, err := f.config(bytes.NewReader(file))
	if err != nil {
		return raster{}, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return raster{}, fmt.Errorf("%d×%d pixels, want at most %d in all", c.Height, c.Width, maxPixels)
	}
	img, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return raster{}, err
	}
	r := newRaster(img, image.Rect(0, 0, c.Width, c.Height))
	if f.tiff == nil {
		return r, nil
	}
	return r.upright(orientation(f.tiff(file))), nil
}

// raster is a decoded picture: red, green and blue of each pixel, row by row.
type raster struct {
	h, w   int
	bits   int  // of a channel: 8 or 16
	turned bool // to be upright
	pix    []uint16
}

// newRaster draws a picture, which may be a part of the canvas, on black.
func newRaster(img image.Image, canvas image.Rectangle) raster {
	r := raster{h: canvas.Dy(), w: canvas.Dx(), bits: 8, pix: make([]uint16, 0, 3*canvas.Dx()*canvas.Dy())}
	paint := func(on draw.Image) {
		draw.Draw(on, canvas, image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.Draw(on, img.Bounds(), img, img.Bounds().Min, draw.Over)
	}
	switch img.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		r.bits = 16
		on := image.NewRGBA64(canvas)
		paint(on)
		for p := on.Pix; len(p) > 0; p = p[8:] {
			for c := range 3 {
				r.pix = append(r.pix, binary.BigEndian.Uint16(p[2*c:]))
			}
		}
	default:
		on := image.NewRGBA(canvas)
		paint(on)
		for p := on.Pix; len(p) > 0; p = p[4:] {
			r.pix = append(r.pix, uint16(p[0]), uint16(p[1]), uint16(p[2]))
		}
	}
	return r
}

// coloured reports whether some pixel is not grey.
func (r raster) coloured() bool {
	for i := 0; i < len(r.pix); i += 3 {
		if r.pix[i] != r.pix[i+1] || r.pix[i] != r.pix[i+2] {
			return true
		}
	}
	return false
}

// upright turns a picture. Orientation 1 is upright; 2 to 4 are mirrored
// left to right, turned by half, mirrored top to bottom; 5 to 8 are the same
// with rows and columns exchanged. TIFF 6.0, tag 274.
func (r raster) upright(orientation int) raster {
	if orientation < 2 || orientation > 8 {
		return r
	}
	t := raster{r.h, r.w, r.bits, true, make([]uint16, len(r.pix))}
	if orientation > 4 {
		t.h, t.w = r.w, r.h
	}
	for y := range t.h {
		for x := range t.w {
			i, j := y, x // in the file
			if orientation > 4 {
				i, j = x, y
			}
			switch orientation {
			case 2, 3, 7, 8:
				j = r.w - 1 - j
			}
			switch orientation {
			case 3, 4, 6, 7:
				i = r.h - 1 - i
			}
			copy(t.pix[3*(y*t.w+x):][:3], r.pix[3*(i*r.w+j):])
		}
	}
	return t
}
