package main

import (
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// rooms lists the limits on the memory of this process.
func rooms() []room {
	all := cgroupRooms("/")
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &limit) == nil && limit.Cur < math.MaxInt64 {
		all = append(all, room{"ulimit -v", int64(limit.Cur) - addressSpace() + idleHeap() - spareSpace})
	}
	return all
}

// addressSpace is how many bytes the process has reserved.
func addressSpace() int64 {
	return number("/proc/self/statm") * int64(os.Getpagesize())
}

// idleHeap is how many of them Go's heap holds unused.
func idleHeap() int64 {
	return counted("/memory/classes/heap/free:bytes") + counted("/memory/classes/heap/released:bytes")
}

// hierarchy says where a version of control groups keeps its accounts; see
// cgroups(7).
type hierarchy struct {
	controller, folder, limit, usage string
	cache                            []string // what memory.stat calls the pages of files, which give way
}

var hierarchies = []hierarchy{
	{"memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
		[]string{"total_inactive_file", "total_active_file"}},
	{"", "sys/fs/cgroup", "memory.max", "memory.current", []string{"inactive_file", "active_file"}},
}

// cgroupRooms lists the limits of this process's control groups, the innermost
// first. A container's are among them.
func cgroupRooms(root string) (all []room) {
	groups, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // number, controllers, path
		for _, h := range hierarchies {
			if len(fields) < 3 || fields[1] != h.controller {
				continue
			}
			for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
				if r, ok := h.room(filepath.Join(root, h.folder, group)); ok {
					all = append(all, r)
				}
				if group == "/" {
					break
				}
			}
		}
	}
	return all
}

// room is what a group's limit leaves, if it has one. From within a container
// the outer groups are invisible.
func (h hierarchy) room(group string) (r room, ok bool) {
	limit := number(filepath.Join(group, h.limit))
	if limit <= 0 || limit > 1<<60 {
		return room{}, false
	}
	free := limit - number(filepath.Join(group, h.usage))
	stat, _ := os.ReadFile(filepath.Join(group, "memory.stat")) // nothing gives way that is not there
	for line := range strings.Lines(string(stat)) {
		var name string
		var bytes int64
		if fmt.Sscan(line, &name, &bytes); slices.Contains(h.cache, name) {
			free += bytes
		}
	}
	return room{filepath.Join(group, h.limit), free}, true
}

// number is the number at the beginning of a file, 0 if there is none.
func number(file string) (n int64) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	word, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	n, _ = strconv.ParseInt(word, 10, 64)
	return n
}

// available is how much memory the system can give without swapping; 0: unknown.
func available() int64 {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10
		}
	}
	return 0
}
