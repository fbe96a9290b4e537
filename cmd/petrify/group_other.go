//go:build !unix

package main

import "syscall"

// ownGroup has nothing to say to other systems.
func ownGroup() *syscall.SysProcAttr { return nil }
