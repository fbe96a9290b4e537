package config

import "strings"

// Keys are named by the path to them, with dots: "float.optimizer.method".

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// parent is the path of the block that contains a key.
func parent(path string) string {
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

// within reports whether path is key or a key inside it.
func within(path, key string) bool {
	return path == key || strings.HasPrefix(path, key+".")
}
