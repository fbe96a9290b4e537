package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "folder for pictures of the pages")

// petrify is the command, built once; work is a folder for its runs; chromium has
// all tabs.
var (
	petrify, work string
	chromium      context.Context
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(prepared(m))
}

func prepared(m *testing.M) int {
	folder, err := os.MkdirTemp("", "browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	petrify, work = filepath.Join(folder, "petrify"), folder
	build := exec.Command("go", "build", "-o", petrify, "./cmd/petrify")
	build.Dir, build.Stderr = "../..", os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	program := os.Getenv("CHROMIUM")
	if program == "" {
		program = "chromium"
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.WSURLReadTimeout(2*time.Minute))
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	chromium, cancel = chromedp.NewContext(allocated)
	defer cancel()
	if err := chromedp.Run(chromium); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v; Debian's package chromium has it\n", program, err)
		return 1
	}
	return m.Run()
}

// run runs the command in the work folder.
func run(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command(petrify, args...)
	cmd.Dir = work
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("petrify %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tab is a page in the browser, with what went wrong there.
type tab struct {
	context.Context
	mu       sync.Mutex
	errors   []string // of the console and of scripts
	requests []string // for anything but the page itself
}

// open shows a file in a window of the given size.
func open(t *testing.T, file string, width, height int64, dark bool) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	w := &tab{Context: ctx}
	url := "file://" + file
	chromedp.ListenTarget(ctx, func(event any) { w.hear(event, url) })
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	w.do(t, page.BringToFront(), network.Enable(), runtime.Enable(), log.Enable(),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme",
			Value: scheme}}),
		emulation.SetDeviceMetricsOverride(width, height, 1, width < 500), chromedp.Navigate(url),
		chromedp.WaitReady("#main"), chromedp.Sleep(200*time.Millisecond))
	return w
}

// hear notes what must not happen.
func (w *tab) hear(event any, url string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		w.errors = append(w.errors, fmt.Sprintf("console: %v", e.Args))
	case *runtime.EventExceptionThrown:
		w.errors = append(w.errors, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		w.errors = append(w.errors, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if e.Request.URL != url && !strings.HasPrefix(e.Request.URL, "data:") {
			w.requests = append(w.requests, e.Request.URL)
		}
	}
}

func (w *tab) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- chromedp.Run(w, actions...) }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatalf("the browser does not answer for %v", patience)
	}
}

// patience is how long the browser may take for an action.
const patience = time.Minute

// says evaluates an expression in the page.
func says[T any](t *testing.T, w *tab, expression string) (v T) {
	t.Helper()
	w.do(t, chromedp.Evaluate(expression, &v))
	return v
}

// clean fails if the page wrote errors or asked for anything.
func (w *tab) clean(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.errors)+len(w.requests) > 0 {
		t.Errorf("errors %q, requests %q", w.errors, w.requests)
	}
}

// shoot writes pictures of what the window shows of each section of the page.
func (w *tab) shoot(t *testing.T, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	for _, section := range says[[]string](t, w, `[...document.querySelectorAll("main > section")].map(s => s.id)`) {
		var picture []byte
		w.do(t, chromedp.Evaluate(fmt.Sprintf("document.getElementById(%q).scrollIntoView({behavior: 'instant'})",
			section), nil),
			chromedp.Sleep(100*time.Millisecond), chromedp.CaptureScreenshot(&picture))
		if err := os.WriteFile(filepath.Join(*shots, name+"-"+section+".png"), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// print is the page on paper, as a PDF.
func (w *tab) print(t *testing.T) []byte {
	t.Helper()
	var pdf []byte
	w.do(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPrintBackground(true).Do(ctx)
		return err
	}))
	return pdf
}
