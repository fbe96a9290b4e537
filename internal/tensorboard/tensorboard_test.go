package tensorboard

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"petrify/internal/tensorboard/readback"
)

// begun begins a file in a folder.
func begun(t *testing.T, folder string, step int64) *Writer {
	t.Helper()
	w, err := Begin(folder, step)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, w *Writer, step int64, values ...Value) {
	t.Helper()
	if err := errors.Join(w.Write(step, values...), w.Flush()); err != nil {
		t.Fatal(err)
	}
}

func show(t *testing.T, folder string) map[string][]readback.Point {
	t.Helper()
	points, err := readback.Shown(folder)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

// The CRC of the reader is that of RFC 3720, B.4.
func TestReadersCRC(t *testing.T) {
	if got := readback.CRC(make([]byte, 32)); got != 0x8a9136aa {
		t.Errorf("32 zeros: %#x", got)
	}
	if got := readback.CRC([]byte("123456789")); got != 0xe3069283 {
		t.Errorf("digits: %#x", got)
	}
}

func TestScalars(t *testing.T) {
	folder := t.TempDir()
	w := begun(t, folder, 0)
	for step, v := range []float64{0, 1.5, -2e-30, math.Inf(1), math.NaN()} {
		write(t, w, int64(step), Scalar("loss/test", v), Scalar("other", v))
	}
	points := show(t, folder)["loss/test"]
	if len(points) != 5 {
		t.Fatalf("%d points", len(points))
	}
	for i, want := range []float32{0, 1.5, -2e-30, float32(math.Inf(1))} {
		if got := math.Float32frombits(uint32(points[i].Value.Int(2))); got != want || points[i].Step != int64(i) {
			t.Errorf("step %d: got %v at %d, want %v", i, got, points[i].Step, want)
		}
	}
}

func TestHistograms(t *testing.T) {
	folder := t.TempDir()
	write(t, begun(t, folder, 0), 7, Histogram("weights/fc", -1, 3, []int{1, 0, 2, 5}), Histogram("constant", 2, 2,
		[]int{4}))
	points := show(t, folder)
	h := points["weights/fc"][0].Value.Sub(5)
	for i, want := range []float64{-1, 3, 8, -0.5 + 3 + 12.5, 0.25 + 4.5 + 31.25} {
		if got := h.Double(i + 1); got != want {
			t.Errorf("field %d: got %v, want %v", i+1, got, want)
		}
	}
	if got := h.Doubles(6); !slices.Equal(got, []float64{0, 1, 2, 3}) {
		t.Errorf("the limits are %v", got)
	}
	if got := h.Doubles(7); !slices.Equal(got, []float64{1, 0, 2, 5}) {
		t.Errorf("the counts are %v", got)
	}
	if h := points["constant"][0].Value.Sub(5); h.Double(3) != 4 || h.Doubles(6)[0] != 2 {
		t.Errorf("the histogram of a constant is %v", h)
	}
}

func TestImages(t *testing.T) {
	folder := t.TempDir()
	var all []image.Image
	for i := range 3 {
		m := image.NewGray(image.Rect(0, 0, 5, 2))
		m.SetGray(4, 1, color.Gray{uint8(50 * i)})
		all = append(all, m)
	}
	v, err := Images("wrong/float", all)
	if err != nil {
		t.Fatal(err)
	}
	write(t, begun(t, folder, 0), 1, v)
	value := show(t, folder)["wrong/float"][0].Value
	if plugin := value.Sub(9).Sub(1).Text(1); plugin != "images" || value.Sub(9).Int(4) != 3 {
		t.Errorf("plugin %q, class %d", plugin, value.Sub(9).Int(4))
	}
	tensor := value.Sub(8)
	items := tensor[8]
	if tensor.Int(1) != 7 || tensor.Sub(2).Sub(2).Int(1) != 5 || len(items) != 5 ||
		string(items[0].([]byte)) != "5" || string(items[1].([]byte)) != "2" {
		t.Fatalf("the tensor is %v", tensor)
	}
	for i, m := range all {
		got, err := png.Decode(bytes.NewReader(items[2+i].([]byte)))
		if err != nil || got.At(4, 1) != m.At(4, 1) {
			t.Errorf("picture %d: %v, %v", i, got, err)
		}
	}
}

func TestTextsAndHyperparameters(t *testing.T) {
	folder := t.TempDir()
	w := begun(t, folder, 0)
	write(t, w, 0, Text("configuration", "<script>\"😀"), Start([]Setting{{"batch", 32.0}, {"balanced", true},
		{"network", "cnn"}}, time.Unix(1.7e9, 0)))
	write(t, w, 9, End(time.Unix(1.8e9, 0)))
	points := show(t, folder)
	text := points["configuration"][0].Value
	if got := text.Sub(8).Text(8); got != "<script>\"😀" || text.Sub(8).Int(1) != 7 ||
		text.Sub(9).Sub(1).Text(1) != "text" || text.Sub(9).Int(4) != 2 || text.Sub(8)[2] == nil {
		t.Errorf("the text is %q: %v", got, text)
	}
	start := points["_hparams_/session_start_info"][0].Value
	if plugin := start.Sub(9).Sub(1).Text(1); plugin != "hparams" {
		t.Errorf("the plugin is %q", plugin)
	}
	info := start.Sub(9).Sub(1).Sub(2).Sub(3)
	settings := map[string]any{}
	for _, raw := range info[1] {
		entry, err := readback.Parse(raw.([]byte))
		if err != nil {
			t.Fatal(err)
		}
		settings[entry.Text(1)] = entry.Sub(2)
	}
	if got := settings["batch"].(readback.Fields).Double(2); got != 32 {
		t.Errorf("batch is %v", got)
	}
	if got := settings["balanced"].(readback.Fields).Int(4); got != 1 {
		t.Errorf("balanced is %v", got)
	}
	if got := settings["network"].(readback.Fields).Text(3); got != "cnn" {
		t.Errorf("network is %v", got)
	}
	if info.Double(5) != 1.7e9 {
		t.Errorf("it began at %v", info.Double(5))
	}
	end := points["_hparams_/session_end_info"][0].Value.Sub(9).Sub(1).Sub(2).Sub(4)
	if end.Int(1) != 1 || end.Double(2) != 1.8e9 {
		t.Errorf("it ended with %v", end)
	}
}

// A session after a crash drops the steps from its own on, wherever the file before was cut.
func TestLaterSessions(t *testing.T) {
	folder := t.TempDir()
	w := begun(t, folder, 0)
	for step := range int64(10) {
		write(t, w, step, Scalar("loss", float64(step)))
	}
	first := w.file.Name()
	whole, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	write(t, begun(t, folder, 6), 6, Scalar("loss", 100))
	for cut := range len(whole) {
		if cut < 100 { // before the first value there is nothing to show
			continue
		}
		if err := os.WriteFile(first, whole[:len(whole)-(cut-100)], 0o666); err != nil {
			t.Fatal(err)
		}
		if len(whole)-(cut-100) < 100 {
			break
		}
		points := show(t, folder)["loss"]
		for i, p := range points[:len(points)-1] {
			if p.Step != int64(i) || p.Step >= 6 {
				t.Fatalf("cut by %d: point %d is of step %d", cut-100, i, p.Step)
			}
		}
		if last := points[len(points)-1]; last.Step != 6 || math.Float32frombits(uint32(last.Value.Int(2))) != 100 {
			t.Fatalf("cut by %d: the last point is %v", cut-100, last)
		}
	}
}

// One byte changed anywhere is noticed.
func TestDamageIsNoticed(t *testing.T) {
	folder := t.TempDir()
	w := begun(t, folder, 0)
	write(t, w, 0, Scalar("loss", 1))
	whole, err := os.ReadFile(w.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readback.Records(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if _, err := readback.Records(damaged); err == nil {
			t.Errorf("byte %d", i)
		}
	}
}

// Files of one second have an order too, and only petrify's own are removed.
func TestFilesInOneFolder(t *testing.T) {
	folder := t.TempDir()
	if Begun(folder) || Begun(filepath.Join(folder, "none")) {
		t.Error("an empty folder has begun")
	}
	var names []string
	for range 5 {
		w := begun(t, folder, 0)
		names = append(names, filepath.Base(w.file.Name()))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != 5 || !Begun(folder) {
		t.Errorf("the names are %v", names)
	}
	other := filepath.Join(folder, "events.out.tfevents.1700000000.host")
	if err := os.WriteFile(other, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Remove(folder); err != nil {
		t.Fatal(err)
	}
	if left, _ := files(folder); !slices.Equal(left, []string{other}) {
		t.Errorf("left are %v", left)
	}
}
