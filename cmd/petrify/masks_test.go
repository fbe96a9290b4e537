package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/internal/atomicfile"
)

const stripeSide = 12

// maskedStripes writes n pictures of a bright stripe, level or upright, with masks; the pixels of
// the last row have no class.
func maskedStripes(t *testing.T, folder string, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 1))
	box := image.Rect(0, 0, stripeSide, stripeSide)
	for i := range n {
		at, level := 1+r.IntN(stripeSide-2), r.IntN(2)
		picture, mask := image.NewGray(box), image.NewGray(box)
		for k := range stripeSide * stripeSide {
			bright := 50
			if [2]int{k % stripeSide, k / stripeSide}[level] == at {
				bright, mask.Pix[k] = 160, uint8(1+level)
			}
			picture.Pix[k] = uint8(bright + r.IntN(60))
			if k/stripeSide == stripeSide-1 {
				mask.Pix[k] = 255
			}
		}
		for part, m := range map[string]image.Image{"images": picture, "masks": mask} {
			if err := os.MkdirAll(filepath.Join(folder, part), 0o777); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, part, fmt.Sprintf("%03d.png", i))
			if err := atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, m) }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// pixelsIn are the numbers of a picture with a palette.
func pixelsIn(t *testing.T, path string) []uint8 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := m.(*image.Paletted)
	if !ok {
		t.Fatalf("%s has no palette", path)
	}
	return p.Pix
}

// TestMasksFromFolderToPrediction: pixels are learned, and the masks that predict writes have
// the IoU that evaluate prints and the run's summary holds.
func TestMasksFromFolderToPrediction(t *testing.T) {
	dir := t.TempDir()
	data, run, masks := filepath.Join(dir, "stripes"), filepath.Join(dir, "run"), filepath.Join(dir, "masks")
	maskedStripes(t, data, 100)
	classes := "data.masks.classes=[ground, upright, level]"
	said := petrify(t, "train", "--out", run, "--set", "dataset="+data, "--set", classes, "--set", "network=unet-tiny",
		"--set", "batch=16", "--set", "float.epochs=6", "--set", "float.learning_rate=0.02", "--set", "qat.epochs=1")
	if !strings.Contains(said, "mIoU") || !strings.Contains(said, " 0 differ") {
		t.Error(said)
	}
	if said := petrify(t, "verify", run); !strings.Contains(said, "all metrics are confirmed") {
		t.Error(said)
	}
	var says struct {
		Quantized struct {
			Metrics  map[string]float64
			ByTarget map[string]map[string]float64 `json:"by_target"`
		}
	}
	if err := json.Unmarshal([]byte(petrify(t, "evaluate", run, "--json")), &says); err != nil {
		t.Fatal(err)
	}
	petrify(t, "predict", run, "--masks", masks, filepath.Join(data, "images"))
	set, err := datasets.Open(data, datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var hits, union [3]float64
	for i := range set.Test.Len() {
		name := filepath.Base(set.Sample(set.Test, i))
		is, mask := set.MaskOf(set.Test, i), pixelsIn(t, filepath.Join(masks, name))
		for at := range is {
			for k := range union {
				there, said := int(is[at]) == k, int(mask[at]) == k
				if is[at] != 255 && there && said {
					hits[k]++
				}
				if is[at] != 255 && (there || said) {
					union[k]++
				}
			}
		}
	}
	mean := 0.0
	for k, name := range []string{"ground", "upright", "level"} {
		mean += hits[k] / union[k] / 3
		if got := says.Quantized.ByTarget[name]["mean_iou"]; math.Abs(got-hits[k]/union[k]) > 1e-12 {
			t.Errorf("%s: evaluate prints an IoU of %v, the masks have %v", name, got, hits[k]/union[k])
		}
	}
	if got := says.Quantized.Metrics["mean_iou"]; math.Abs(got-mean) > 1e-12 || mean < 0.5 {
		t.Errorf("evaluate prints a mean IoU of %v, the masks have %v", got, mean)
	}
	testMaskFiles(t, data, run, masks)
}

// testMaskFiles compares the masks in an array with those in files, reads the array as data,
// and looks for pictures on the run's page.
func testMaskFiles(t *testing.T, data, run, masks string) {
	t.Helper()
	two := []string{filepath.Join(data, "images", "000.png"), filepath.Join(data, "images", "001.png")}
	array := filepath.Join(t.TempDir(), "two.npz")
	text := petrify(t, "predict", run, "--masks", array, two[0], two[1])
	if !strings.Contains(text, "000.png  ground ") {
		t.Error(text)
	}
	arrays, err := datasets.ReadArrays(array, func(name string) bool { return name == "y" })
	if err != nil || len(arrays) != 1 || !slices.Equal(arrays[0].Shape, []int{2, stripeSide, stripeSide}) {
		t.Fatalf("%v, %v", arrays, err)
	}
	var whole []float32
	for _, name := range []string{"000.png", "001.png"} {
		for _, v := range pixelsIn(t, filepath.Join(masks, name)) {
			whole = append(whole, float32(v))
		}
	}
	if !slices.Equal(arrays[0].F32, whole) {
		t.Error("the masks in the array are not those in the files")
	}
	petrify(t, "report", run)
	page, err := os.ReadFile(filepath.Join(run, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), `alt="mask of `); n != 3*pageRestored {
		t.Errorf("the page shows %d masks, want %d", n, 3*pageRestored)
	}
}

// TestMaskColours: classes have different colours, and the first are those of PASCAL VOC.
func TestMaskColours(t *testing.T) {
	seen := map[color.Color]bool{}
	for _, c := range maskColours() {
		seen[c] = true
	}
	if len(seen) != 256 {
		t.Errorf("%d colours of 256", len(seen))
	}
	for class, want := range map[int]string{0: "#000000", 1: "#800000", 2: "#008000", 3: "#808000", 4: "#000080",
		9: "#c00000", 20: "#004080", 255: "#ffffff"} {
		if got := hex(maskColours()[class]); got != want {
			t.Errorf("class %d has the colour %s, want %s", class, got, want)
		}
	}
}
