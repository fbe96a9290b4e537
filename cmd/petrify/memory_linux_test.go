package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// spaceVariable is how many bytes of address space a process may reserve besides
// those that it begins with.
const spaceVariable = "PETRIFY_TEST_SPACE"

func init() {
	more, err := strconv.ParseInt(os.Getenv(spaceVariable), 10, 64)
	if err != nil {
		return // not set
	}
	// package testing takes from the heap before main can look at the limit
	runtime.KeepAlive(make([]byte, 8<<20))
	runtime.GC()
	limit := uint64(addressSpace() + more)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
}

// wide are the settings of a network that needs more than a gigabyte.
var wide = []string{"--set", "batch=1400",
	"--set", "network=[{conv2d: {filters: 512, kernel: 3, padding: same}}, relu, flatten, {linear: {features: 10}}]"}

// With any amount of address space, a command does its work or says what it
// needs; Go's runtime never ends it with a trace.
func TestLittleAddressSpace(t *testing.T) {
	folder := t.TempDir()
	whole := filepath.Join(folder, "whole")
	finished(t, briefly(whole)...)
	large := append(briefly(filepath.Join(folder, "large")), wide...)
	var done, refused int
	for part := range 16 {
		space := int64(part) * (spareSpace + 256<<20) / 12
		small := filepath.Join(folder, fmt.Sprint("small", part))
		for _, args := range [][]string{briefly(small), large, {"verify", whole},
			{"export", whole, "--out", filepath.Join(folder, "x.onnx")}} {
			cmd := exec.Command("petrify", args...)
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", spaceVariable, space))
			said, _ := cmd.CombinedOutput() // the exit code is looked at
			code := cmd.ProcessState.ExitCode()
			switch {
			case code == exitOK:
				done++
			case code == exitFailed && strings.Contains(string(said), "ulimit -v leaves"):
				refused++
			default:
				t.Errorf("%d bytes, %v: exit code %d: %.2000s", space, args, code, said)
			}
		}
		if _, err := os.Stat(filepath.Join(small, "proof.json")); err == nil {
			sameModel(t, small, whole)
		}
	}
	if done == 0 || refused == 0 {
		t.Errorf("%d commands were done and %d refused: want some of both", done, refused)
	}
}

// The need is named before anything is written.
func TestRunTooLargeForTheAddressSpace(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command("petrify", append(briefly(out), wide...)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", spaceVariable, spareSpace+256<<20))
	said, _ := cmd.CombinedOutput() // the exit code is looked at
	const want = " bytes of memory or more besides its data, and ulimit -v leaves "
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(string(said), want) {
		t.Errorf("exit code %d: %s: want 1 and %q", code, said, want)
	}
	if left := files(t, out); left != nil {
		t.Errorf("left %v", left)
	}
}

// Control groups of both versions, seen from outside and inside a container.
func TestControlGroups(t *testing.T) {
	const max = "9223372036854771712"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []room
	}{
		{"none", nil, nil},
		{"version 2", map[string]string{
			"proc/self/cgroup":               "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max":     "4000\n",
			"sys/fs/cgroup/a/memory.current": "1500\n",
			"sys/fs/cgroup/a/memory.stat":    "anon 900\nfile 600\ninactive_file 300\nactive_file 200\n",
			"sys/fs/cgroup/a/b/memory.max":   "max\n",
		}, []room{{"sys/fs/cgroup/a/memory.max", 3000}}},
		{"version 2, two limits", map[string]string{
			"proc/self/cgroup":                 "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max":       "4000\n",
			"sys/fs/cgroup/a/b/memory.max":     "700\n",
			"sys/fs/cgroup/a/b/memory.current": "100\n",
		}, []room{{"sys/fs/cgroup/a/b/memory.max", 600}, {"sys/fs/cgroup/a/memory.max", 4000}}},
		{"version 2 in a container", map[string]string{
			"proc/self/cgroup":             "0::/\n",
			"sys/fs/cgroup/memory.max":     "500\n",
			"sys/fs/cgroup/memory.current": "100\n",
		}, []room{{"sys/fs/cgroup/memory.max", 400}}},
		{"version 1", map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "3000\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1000\n",
			"sys/fs/cgroup/memory/a/memory.stat": "cache 7\ninactive_file 1\n" +
				"total_inactive_file 40\ntotal_active_file 2\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": max + "\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "77\n",
		}, []room{{"sys/fs/cgroup/memory/a/memory.limit_in_bytes", 2042}}},
		{"version 1 in a container", map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/0123\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "3000\n",
			"sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
		}, []room{{"sys/fs/cgroup/memory/memory.limit_in_bytes", 2000}}},
		{"garbage", map[string]string{"proc/self/cgroup": "\n::\n0:\n", "sys/fs/cgroup/memory.max": "much\n"}, nil},
	} {
		root := t.TempDir()
		for name, text := range tt.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got := cgroupRooms(root)
		for i := range got {
			got[i].limit, _ = filepath.Rel(root, got[i].limit)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRoomHolds(t *testing.T) {
	for _, tt := range []struct {
		free, least int64
		says, logs  string
	}{
		{1000, 400, "", ""},
		{1000, 501, "", "needs=\"501 to 1,002 bytes\" limit=a leaves=1,000"},
		{1000, 1001, "the run needs 1,001 bytes of memory or more besides its data, and a leaves 1,000: make the " +
			"batch smaller", ""},
		{-5, 1, "a leaves 0", ""},
	} {
		var log strings.Builder
		err := room{"a", tt.free}.holds(tt.least, slog.New(slog.NewTextHandler(&log, nil)))
		if said := fmt.Sprint(err); (tt.says == "") != (err == nil) || !strings.Contains(said, tt.says) && err != nil {
			t.Errorf("%d of %d: %v, want %q", tt.least, tt.free, err, tt.says)
		}
		if !strings.Contains(log.String(), tt.logs) || (tt.logs == "") != (log.Len() == 0) {
			t.Errorf("%d of %d: logs %q, want %q", tt.least, tt.free, &log, tt.logs)
		}
	}
	if err := keepWithin([]room{{"a", 10}, {"b", -3}}); err == nil ||
		err.Error() != "b leaves 4 bytes too few to start: raise it" {
		t.Errorf("nothing is left: %v", err)
	}
}
