package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/config"
)

const root = "../.."

// TestProgram builds and runs the README's program in a module of its own that
// replaces petrify with this checkout. Nothing is downloaded.
func TestProgram(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, _ := between(t, readme(t), "```go\n", "```\n")
	write(t, filepath.Join(dir, "main.go"), program)
	for _, name := range []string{"go.mod", "go.sum"} { // all requirements: a new cache has no others
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(text))
	}
	goCommand(t, dir, "mod", "edit", "-module", "example.com/digits", "-require", "petrify@v0.0.0",
		"-replace", "petrify="+checkout)
	got := goCommand(t, dir, "run", ".")

	if want := "float 99 %, int8 99 %\n"; got != want {
		t.Errorf("the program prints %q, want %q", got, want)
	}
	if !strings.Contains(readme(t), "prints `"+strings.TrimSpace(got)+"`") {
		t.Errorf("README.md does not say that the program prints %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "model.onnx")); err != nil {
		t.Error(err)
	}
}

// TestConfigurations parses the README's configurations.
func TestConfigurations(t *testing.T) {
	flowers, after := between(t, readme(t), "<<'END'\n", "    END\n")
	flowers = strings.ReplaceAll("\n"+flowers, "\n    ", "\n")
	network, _ := between(t, after, "```yaml\n", "```\n")
	own, _, found := strings.Cut(flowers, "network: cnn\n")
	if !found {
		t.Fatalf("the first configuration has no built-in network:\n%s", flowers)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("flowers", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{flowers, own + network} {
		if _, err := config.Parse("README.md", []byte(document)); err != nil {
			t.Errorf("%v in\n%s", err, document)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// between cuts out the text from begin to end and returns it and what follows.
func between(t *testing.T, text, begin, end string) (inside, after string) {
	t.Helper()
	_, text, begun := strings.Cut(text, begin)
	text, after, ended := strings.Cut(text, end)
	if !begun || !ended {
		t.Fatalf("README.md has no text from %q to %q", begin, end)
	}
	return text, after
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command offline and returns its standard output.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOWORK=off")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}
