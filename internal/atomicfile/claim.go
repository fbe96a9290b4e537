package atomicfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// claim is what an owner says about itself in [OwnerFile].
type claim struct {
	Host    string `json:"host"`    // its name
	Machine string `json:"machine"` // tells hosts of one name apart; "" where nothing does
	Boot    string `json:"boot"`    // tells a system from the same one restarted; "" where nothing does
	Process int    `json:"process"`
	Began   string `json:"began"` // tells processes of one number apart; "" where nothing does
	Since   string `json:"since"` // when the folder was claimed
}

// myself is this process's claim, now.
func myself() claim {
	c := claim{Boot: boot(), Process: os.Getpid(), Since: time.Now().Format(time.DateTime)}
	c.Host, _ = os.Hostname()
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(id) > 0 {
		sum := sha256.Sum256(id) // the number itself is confidential
		c.Machine = hex.EncodeToString(sum[:8])
	}
	c.Began, _ = process(c.Process)
	return c
}

// evict removes the claim of an owner that is gone. It holds the owner's lock
// meanwhile, so that a newer claim is never removed. It reports whether it is
// worth trying to claim the folder now.
func evict(path string) (again bool, err error) {
	release, err := hold(path)
	locked := errors.Is(err, errTaken)
	if err == nil {
		defer release()
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("its owners change too fast: %w", err)
	}
	if err != nil {
		return false, err
	}
	var was claim
	if json.Unmarshal(text, &was) != nil || was.Host == "" || was.Process < 1 {
		return false, fmt.Errorf("%s names no owner: remove it if no process uses the folder", path)
	}
	switch began, there := process(was.Process); {
	case !was.here():
		return false, fmt.Errorf("%v, and cannot be asked from here: if it has ended, remove %s", was, path)
	case was.Boot != boot(): // it ended when the host did
	case there && began == was.Began:
		return false, fmt.Errorf("%v: wait until it ends, end it, or choose another folder", was)
	case locked: // by an owner in another container, or by another process that evicts
		time.Sleep(10 * time.Millisecond)
		return true, fmt.Errorf("%v, or another one that takes over from it: wait until it ends, or choose "+
			"another folder", was)
	}
	err = os.Remove(path)
	return err == nil, err
}

// here reports whether a claim was made on this host.
func (c claim) here() bool {
	me := myself()
	if c.Boot != "" && c.Boot == me.Boot {
		return true
	}
	return c.Host == me.Host && c.Machine == me.Machine
}

// String returns a text such as "process 4711 on node7 has owned it since
// 2026-01-02 15:04:05".
func (c claim) String() string {
	return fmt.Sprintf("process %d on %s has owned it since %s", c.Process, c.Host, c.Since)
}
