package atomicfile

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// boot is the kernel's number of this start of the system.
func boot() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

// zombie is SZOMB of sys/proc.h: ended, but its exit code has not been read.
const zombie = 5

// process returns when a process began, and whether it exists.
func process(number int) (began string, there bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", number)
	if err != nil || p.Proc.P_stat == zombie {
		return "", false
	}
	return fmt.Sprint(p.Proc.P_starttime.Sec, ".", p.Proc.P_starttime.Usec), true
}
