package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "dist", "the `folder` to write into; it must not exist or be empty")
	flag.Parse()
	if err := release(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// release writes a release of the commit that is checked out here.
func release(out string, platforms []string) error {
	if len(platforms) == 0 {
		return errors.New("release: no platform: want some such as linux/amd64")
	}
	r, err := describe()
	if err != nil {
		return err
	}
	if files, _ := os.ReadDir(out); len(files) > 0 {
		return fmt.Errorf("release: %s is not empty", out)
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	var sums []string
	for _, p := range platforms {
		files, err := r.build(p)
		if err != nil {
			return fmt.Errorf("release: %s: %w", p, err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(out, f.name), f.data, 0o666); err != nil {
				return fmt.Errorf("release: %w", err)
			}
			sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(f.data), f.name))
			fmt.Printf("%11d  %s\n", len(f.data), f.name)
		}
	}
	slices.SortFunc(sums, func(a, b string) int { return strings.Compare(a[2*sha256.Size:], b[2*sha256.Size:]) })
	if err := os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(strings.Join(sums, "")), 0o666); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// commit is what a release is made from.
type commit struct {
	version string
	time    time.Time
}

// describe returns the commit that is checked out. It refuses uncommitted
// changes, with which nobody could reproduce the files.
func describe() (commit, error) {
	version, err := run(nil, "git", "describe", "--tags", "--always", "--dirty")
	if err != nil {
		return commit{}, fmt.Errorf("release: %w", err)
	}
	if strings.HasSuffix(version, "-dirty") {
		return commit{}, fmt.Errorf("release: %s: commit the changes first", version)
	}
	seconds, err := run(nil, "git", "show", "-s", "--format=%ct", "HEAD")
	if err != nil {
		return commit{}, fmt.Errorf("release: %w", err)
	}
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, fmt.Errorf("release: time of the commit: %w", err)
	}
	return commit{version, time.Unix(s, 0).UTC()}, nil
}

// run runs a program with additional environment variables and returns what it
// prints.
func run(environment []string, program string, arguments ...string) (string, error) {
	c := exec.Command(program, arguments...)
	c.Env = append(os.Environ(), environment...)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", program, arguments[0], err)
	}
	return strings.TrimSpace(string(text)), nil
}
