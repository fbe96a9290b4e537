//go:build slurm

// These tests run a Slurm of two nodes on this machine, and need root, slurmctld, slurmd and
// munge: see make cluster.

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// clusterConfig is a cluster of two nodes on the loopback interface, without accounting.
var clusterConfig = template.Must(template.New("slurm.conf").Parse(`ClusterName=test
SlurmctldHost={{.Host}}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={{.Dir}}/state
SlurmdSpoolDir={{.Dir}}/spool-%n
SlurmctldPidFile={{.Dir}}/ctld.pid
SlurmdPidFile={{.Dir}}/d-%n.pid
SlurmctldLogFile={{.Dir}}/ctld.log
SlurmdLogFile={{.Dir}}/d-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
JobRequeue=1
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
NodeName=n1 NodeHostname={{.Host}} NodeAddr=127.0.0.1 Port=17001 CPUs=1
NodeName=n2 NodeHostname={{.Host}} NodeAddr=127.0.0.1 Port=17002 CPUs=1
PartitionName=p Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`))

// cluster is a running Slurm.
type cluster struct {
	*testing.T
	dir string
}

// startCluster starts munge, the controller and two nodes, and stops them when the test
// ends.
func startCluster(t *testing.T) *cluster {
	c := &cluster{t, t.TempDir()}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	var text bytes.Buffer
	if err := clusterConfig.Execute(&text, struct{ Host, Dir string }{host, c.dir}); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(c.dir, "slurm.conf")
	if err := os.WriteFile(conf, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", conf)
	c.munge()
	c.must("slurmctld")
	for _, node := range []string{"n1", "n2"} {
		c.must("slurmd", "-N", node)
	}
	t.Cleanup(func() {
		for _, name := range []string{"d-n1", "d-n2", "ctld"} {
			c.stop(name)
		}
	})
	c.until("both nodes are idle", func() bool {
		return strings.TrimSpace(c.must("sinfo", "-h", "-o", "%t %D")) == "idle 2"
	})
	return c
}

// munge starts the authentication service unless one is running.
func (c *cluster) munge() {
	if exec.Command("munge", "-n").Run() == nil {
		return
	}
	if _, err := os.Stat("/etc/munge/munge.key"); err != nil {
		c.must("mungekey", "-c")
	}
	for _, dir := range []string{"/run/munge", "/var/log/munge", "/var/lib/munge", "/etc/munge"} {
		c.must("mkdir", "-p", dir)
		c.must("chown", "-R", "munge:munge", dir)
	}
	c.must("chmod", "755", "/run/munge")
	c.must("runuser", "-u", "munge", "--", "munged")
	c.Cleanup(func() { exec.Command("runuser", "-u", "munge", "--", "munged", "--stop").Run() })
}

// must runs a command and returns what it prints.
func (c *cluster) must(name string, args ...string) string {
	c.Helper()
	cmd := exec.Command(name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// stop ends the daemon with a file for its process number.
func (c *cluster) stop(name string) {
	text, err := os.ReadFile(filepath.Join(c.dir, name+".pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		syscall.Kill(pid, syscall.SIGTERM)
	}
}

// until waits for something.
func (c *cluster) until(what string, holds func() bool) {
	c.Helper()
	for begin := time.Now(); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Since(begin) > 5*time.Minute {
			c.Fatalf("waited in vain until %s: %s", what, c.must("squeue"))
		}
	}
}

// tasks are the tasks of the queue in a state, such as "R".
func (c *cluster) tasks(state string) (ids []string) {
	for line := range strings.Lines(c.must("squeue", "-h", "-r", "-o", "%i %t")) {
		if id, now, _ := strings.Cut(strings.TrimSpace(line), " "); now == state {
			ids = append(ids, id)
		}
	}
	return ids
}

// onlyPetrify keeps the scripts' stand-ins, sbatch among them, from the search path.
func onlyPetrify(t *testing.T) {
	program, err := exec.LookPath("petrify")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Link(program, filepath.Join(dir, "petrify")); err != nil {
		t.Fatal(err)
	}
	path := strings.ReplaceAll(os.Getenv("PATH"), filepath.Dir(program), dir)
	t.Setenv("PATH", path+":/usr/sbin:/sbin") // of the daemons
}

// A sweep whose tasks are requeued and killed on Slurm, and whose nodes lose their
// daemon, ends with the bytes of one that ran here, undisturbed; one with halving stops the
// same trials.
func TestSweepOnSlurm(t *testing.T) {
	onlyPetrify(t)
	c := startCluster(t)
	for _, tt := range []struct {
		name, plan string
		models     int
	}{
		{"all", strings.Replace(fmt.Sprintf(swept, 4), "epochs: 2}, qat: {epochs: 1}, checkpoint: 10",
			"epochs: 30}, qat: {epochs: 5}, checkpoint: 100", 1), 12},
		{"halving", strings.Replace(strings.Replace(fmt.Sprintf(halved, 2), "qat: {epochs: 3}, checkpoint: 10",
			"qat: {epochs: 30}, checkpoint: 100", 1), "[1, 2]", "[8, 16]", 1), 2},
	} {
		t.Run(tt.name, func(t *testing.T) { c.compare(t, tt.plan, tt.models) })
	}
}

// compare runs a sweep here and on the cluster, where it is disturbed.
func (c *cluster) compare(t *testing.T, plan string, models int) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.yaml"), []byte(plan), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{"whole", "slurm"} {
		ending(t, dir, "sweep", "plan", "s.yaml", "--out", out)
	}
	ending(t, dir, "sweep", "run", "whole")
	ending(t, dir, "sweep", "slurm", "slurm", "--", "--chdir="+dir, "--time=10:00")
	done := c.disturb(filepath.Join(dir, "slurm"))
	want := modelsOf(t, filepath.Join(dir, "whole"))
	if len(want) != models {
		t.Fatalf("%d models", len(want))
	}
	got := modelsOf(t, filepath.Join(dir, "slurm"))
	if d := differing(got, want); d != nil || len(got) != models {
		slices.Sort(d)
		t.Errorf("%d models; they differ: %v", len(got), d)
		logs, _ := filepath.Glob(filepath.Join(dir, "slurm-*.log"))
		for _, log := range append(logs, filepath.Join(c.dir, "ctld.log")) {
			text, _ := os.ReadFile(log)
			t.Logf("%s: %s", log, text[max(0, len(text)-2000):])
		}
	}
	t.Logf("disturbed: %v", done)
}

// disturb waits until the queue is empty, and does the tasks all kinds of harm meanwhile.
func (c *cluster) disturb(sweep string) map[string]int {
	done, stopped := map[string]int{}, false
	for round := 0; ; round++ {
		time.Sleep(700 * time.Millisecond)
		running := c.tasks("R")
		if waiting := c.tasks("PD"); len(running)+len(waiting) == 0 {
			if left := c.tasks("CG"); len(left) == 0 {
				return done
			}
		} else if len(running) == 0 { // a requeued task waits two minutes, unless it is told not to
			for _, id := range waiting {
				exec.Command("scontrol", "update", "JobId="+id, "StartTime=now").Run()
			}
		}
		switch {
		case round > 60: // enough
		case round%4 == 0 && len(running) > 0:
			if exec.Command("scontrol", "requeue", running[0]).Run() == nil {
				done["requeued"]++
			}
		case round%4 == 2:
			before := len(c.owners(sweep))
			killOwners(c.T, sweep)
			done["killed"] += before
		case round%8 == 5 && !stopped:
			c.stop("d-n2")
			stopped = true
			done["daemons stopped"]++
		case stopped:
			c.until("the node starts again", func() bool { return exec.Command("slurmd", "-N", "n2").Run() == nil })
			stopped = false
		}
	}
}

// owners are the claims to a sweep's folders.
func (c *cluster) owners(sweep string) []string {
	paths := map[string]bool{}
	for _, pattern := range []string{"trials/*/owner.json", "float/*/owner.json"} {
		found, err := filepath.Glob(filepath.Join(sweep, pattern))
		if err != nil {
			c.Fatal(err)
		}
		for _, path := range found {
			paths[path] = true
		}
	}
	return slices.Collect(maps.Keys(paths))
}
