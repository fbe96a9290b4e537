package atomicfile

import (
	"fmt"
	"os"
	"strings"
)

// boot is the kernel's number of this start of the system.
func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// process returns when a process began, in clock ticks since the system did,
// and whether it exists. One that has ended but keeps its number because its
// exit code has not been read does not.
func process(number int) (began string, there bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", number))
	if err != nil {
		return "", false
	}
	// number (name) state … with the beginning as field 22; names may hold spaces and parentheses.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return "", false
	}
	return fields[19], true
}
