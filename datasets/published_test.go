package datasets

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pin describes files as publications does.
func pin(files map[string][]byte, names ...string) (list []pinned) {
	for _, name := range names {
		sum := sha256.Sum256(files[name])
		list = append(list, pinned{name, int64(len(files[name])), hex.EncodeToString(sum[:])})
	}
	return list
}

// tinyPublication is tinyIDX as a published set.
func tinyPublication(urls ...string) publication {
	names := idxNames()
	return publication{
		Info:    Info{Name: "tiny"},
		classes: []string{"a", "b", "c"},
		files:   pin(tinyIDX(), names[:]...),
		urls:    urls,
		read:    readIDXSet,
	}
}

// noData hides the machine's own data folders.
func noData(t *testing.T) {
	for _, name := range []string{"PETRIFY_DATA", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CACHE_HOME", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
}

func TestSearchPathOrder(t *testing.T) {
	t.Setenv("PETRIFY_DATA", "/env")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("HOME", "/home/u")
	t.Setenv("XDG_DATA_DIRS", "/one:relative:/two")
	got := searchPath("tiny", "dir", "/cache")
	want := []string{"dir", "dir/tiny", "/env", "/env/tiny", "/cache/tiny",
		"/home/u/.local/share/datasets/tiny", "/one/datasets/tiny", "/two/datasets/tiny"}
	if !slices.Equal(got, want) {
		t.Errorf("folders %q, want %q", got, want)
	}
	t.Setenv("XDG_DATA_HOME", "/data")
	t.Setenv("XDG_DATA_DIRS", "")
	got = searchPath("tiny", "", "/cache")[2:]
	want = []string{"/cache/tiny", "/data/datasets/tiny", "/usr/local/share/datasets/tiny", "/usr/share/datasets/tiny"}
	if !slices.Equal(got, want) {
		t.Errorf("folders %q, want %q", got, want)
	}
}

// Each file is found wherever it is first, zipped or not.
func TestPublishedFound(t *testing.T) {
	noData(t)
	files := tinyIDX()
	names := idxNames()
	dir := write(t, map[string][]byte{"tiny/" + names[0] + ".gz": zipped(files[names[0]])})
	t.Setenv("PETRIFY_DATA", write(t, map[string][]byte{names[1]: files[names[1]],
		"tiny/" + names[0]: []byte("shadowed")}))
	cache := write(t, map[string][]byte{"tiny/" + names[2]: files[names[2]]})
	t.Setenv("XDG_DATA_DIRS", write(t, map[string][]byte{"datasets/tiny/" + names[3] + ".gz": zipped(files[names[3]])}))
	set, err := tinyPublication().open(context.Background(), Options{Dir: dir, Cache: cache, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	if set.Name != "tiny" || set.Train.Len() != 3 || set.Classes[2] != "c" {
		t.Errorf("set %+v", set)
	}
}

func TestPublishedMissing(t *testing.T) {
	noData(t)
	cache := t.TempDir()
	_, err := tinyPublication().open(context.Background(), Options{Dir: "here", Cache: cache, Offline: true})
	wantError(t, err, "tiny", "here", filepath.Join(cache, "tiny"), "downloading is off",
		"put train-images-idx3-ubyte, train-labels-idx1-ubyte")
}

func TestPublishedAltered(t *testing.T) {
	noData(t)
	name := idxNames()[0]
	for what, c := range map[string]struct{ content, want string }{
		"a pixel":        {string(flipped(tinyIDX()[name], 20)), "SHA-256 of the content is"},
		"a zipped pixel": {string(zipped(flipped(tinyIDX()[name], 20))), "SHA-256 of the content is"},
		"a longer file":  {string(idxFile(make([]byte, 16), 4, 2, 2)), "32 bytes, want 28"},
		"a bomb": {string(zipped(idxFile(make([]byte, 1<<20), 1<<10, 1<<10, 1))),
			"1048576 bytes announced, at most 12 can follow"},
	} {
		t.Run(what, func(t *testing.T) {
			files := tinyIDX()
			files[name] = []byte(c.content)
			dir := write(t, files)
			_, err := tinyPublication().open(context.Background(), Options{Dir: dir, Cache: dir, Offline: true})
			wantError(t, err, filepath.Join(dir, name), c.want)
		})
	}
}

// serve serves files and counts requests.
func serve(t *testing.T, files map[string][]byte) (url string, asked func() []string) {
	var mu sync.Mutex
	var list []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		mu.Lock()
		list = append(list, name)
		mu.Unlock()
		if content, ok := files[name]; ok {
			w.Write(content)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/", func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}

func zippedAll(files map[string][]byte) map[string][]byte {
	z := map[string][]byte{}
	for name, content := range files {
		z[name+".gz"] = zipped(content)
	}
	return z
}

// listFiles lists the files below a folder.
func listFiles(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The first address lacks a file, the second has it; the second opening finds
// all in the cache.
func TestDownload(t *testing.T) {
	noData(t)
	names := idxNames()
	files := zippedAll(tinyIDX())
	second, _ := serve(t, files)
	partial := map[string][]byte{names[0] + ".gz": files[names[0]+".gz"]}
	first, asked := serve(t, partial)
	var last string
	opts := Options{Cache: t.TempDir(), Progress: func(file string, done, total int64) {
		if done > total {
			t.Errorf("%s: %d of %d bytes", file, done, total)
		}
		if done == total {
			last = file
		}
	}}
	p := tinyPublication(first, second)
	for range 2 {
		set, err := p.open(context.Background(), opts)
		if err != nil {
			t.Fatal(err)
		}
		if set.Train.Len() != 3 || set.Test.Len() != 2 {
			t.Errorf("%d and %d images", set.Train.Len(), set.Test.Len())
		}
	}
	if len(asked()) != 4 {
		t.Errorf("asked for %q, want each file once", asked())
	}
	if last != names[3]+".gz" {
		t.Errorf("the last progress was of %q", last)
	}
	if got := listFiles(t, opts.Cache); len(got) != 4 {
		t.Errorf("the cache holds %q, want the four files", got)
	}
}

// Whatever goes wrong, nothing is left in the cache, and the error says why
// and what to do.
func TestDownloadFaults(t *testing.T) {
	noData(t)
	name := idxNames()[0]
	good := tinyIDX()[name]
	for what, c := range map[string]struct {
		content []byte
		want    string
	}{
		"not there":      {nil, "404 Not Found"},
		"altered":        {zipped(flipped(good, 20)), "SHA-256 of the content"},
		"cut":            {zipped(good)[:20], "unzipped byte"},
		"a page instead": {[]byte("<html>please log in</html>"), "26 bytes, want 28"},
		"endless":        {make([]byte, 1<<16), "more than the 1055 bytes expected"},
	} {
		t.Run(what, func(t *testing.T) {
			files := map[string][]byte{}
			if c.content != nil {
				files[name+".gz"] = c.content
			}
			url, _ := serve(t, files)
			cache := t.TempDir()
			_, err := tinyPublication(url).open(context.Background(), Options{Cache: cache})
			wantError(t, err, url+name+".gz", c.want, "put train-images")
			if got := listFiles(t, cache); got != nil {
				t.Errorf("left in the cache: %q", got)
			}
		})
	}
}

func TestDownloadStopped(t *testing.T) {
	noData(t)
	url, asked := serve(t, zippedAll(tinyIDX()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := tinyPublication(url, url, url).open(ctx, Options{Cache: t.TempDir()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want one of the context", err)
	}
	if len(asked()) != 0 {
		t.Errorf("asked for %q all the same", asked())
	}
}

// A server that falls silent in the middle of a file.
func TestDownloadSilence(t *testing.T) {
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/begun" {
			w.Write([]byte("begun"))
			w.(http.Flusher).Flush()
		}
		<-done
	}))
	defer s.Close()
	defer close(done)
	_, err := get(context.Background(), s.URL+"/silent", 20*time.Millisecond, nil)
	wantError(t, err, "/silent: nothing came for 20ms")
	body, err := get(context.Background(), s.URL+"/begun", 200*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	wantError(t, err, "/begun: nothing came for 200ms")
	if string(got) != "begun" {
		t.Errorf("got %q before the silence", got)
	}
}

func TestDownloadArchive(t *testing.T) {
	noData(t)
	files := tinyCIFAR()
	names := cifarNames()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range append([]string{"readme.html"}, names[:]...) {
		content := append([]byte(nil), files[name]...)
		w.WriteHeader(&tar.Header{Name: "batches/" + name, Mode: 0o644, Size: int64(len(content))})
		w.Write(content)
	}
	w.Close()
	url, asked := serve(t, map[string][]byte{"all.tar.gz": zipped(b.Bytes())})
	p := publication{
		Info: Info{Name: "small"}, classes: strings.Split("0123456789", ""), files: pin(files, names[:]...),
		read: readCIFARSet, folder: "batches", urls: []string{url}, archive: "all.tar.gz",
	}
	opts := Options{Cache: t.TempDir()}
	set, err := p.open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 5 || set.Test.Len() != 1 {
		t.Errorf("%d and %d images, want 5 and 1", set.Train.Len(), set.Test.Len())
	}
	if len(asked()) != 1 {
		t.Errorf("asked for %q, want the archive once", asked())
	}
	// In the folder that results from unpacking the archive by hand.
	dir := t.TempDir()
	if err := os.Rename(filepath.Join(opts.Cache, "small"), filepath.Join(dir, "batches")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(context.Background(), Options{Dir: dir, Offline: true}); err != nil {
		t.Error(err)
	}
	p.files[3].sum = strings.Repeat("0", 64)
	_, err = p.open(context.Background(), Options{Cache: t.TempDir()})
	wantError(t, err, "all.tar.gz", "data_batch_4.bin", "SHA-256")
}

func TestNames(t *testing.T) {
	var names []string
	for _, info := range Names() {
		names = append(names, info.Name)
		if !strings.HasSuffix(info.Summary, ".") || info.Licence == "" {
			t.Errorf("%s: summary %q, licence %q", info.Name, info.Summary, info.Licence)
		}
	}
	if want := []string{"digits", "mnist", "fashion-mnist", "cifar-10"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
	for _, p := range publications() {
		for _, f := range p.files {
			if b, err := hex.DecodeString(f.sum); err != nil || len(b) != sha256.Size {
				t.Errorf("%s: %s: %q is no SHA-256", p.Name, f.name, f.sum)
			}
		}
		if len(p.classes) != 10 {
			t.Errorf("%s: %d classes", p.Name, len(p.classes))
		}
	}
}
