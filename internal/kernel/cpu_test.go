package kernel

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	zen4 := features{set: avx512, vnni: true}
	zen5 := features{set: avx512, vnni: true, avxVNNI: true}
	alderLake := features{set: avx2, avxVNNI: true}
	skylake := features{set: avx512}
	haswell := features{set: avx2}
	a53, a76, v1 := features{set: neon}, features{set: dot}, features{set: i8mm}
	for _, c := range []struct {
		name   string
		forced string
		has    features
		set    instructionSet
		vnni   bool
		want   string // of the error
	}{
		{"best by default", "", zen4, avx512, true, ""},
		{"best without VNNI", "", skylake, avx512, false, ""},
		{"forced to the best", "avx512", zen4, avx512, true, ""},
		{"forced down keeps to the path's own instructions", "avx2", zen4, avx2, false, ""},
		{"best of a laptop", "", alderLake, avx2, true, ""},
		{"forced to a laptop's", "avxvnni", zen5, avx2, true, ""},
		{"forced below a laptop's", "avx2", alderLake, avx2, false, ""},
		{"forced to a laptop's on a server", "avxvnni", zen4, avx512, true,
			"PETRIFY_KERNEL=avxvnni: want one of generic, avx2, avx512 on"},
		{"forced above a laptop", "avx512", alderLake, avx2, true,
			"PETRIFY_KERNEL=avx512: want one of generic, avx2, avxvnni on"},
		{"forced to Go", "generic", zen4, generic, false, ""},
		{"forced above the processor", "avx512", haswell, avx2, false,
			"PETRIFY_KERNEL=avx512: want one of generic, avx2 on"},
		{"unknown name", "avx51", zen4, avx512, true,
			"PETRIFY_KERNEL=avx51: want one of generic, avx2, avx512 on"},
		{"best of ARM", "", v1, i8mm, false, ""},
		{"ARM without i8mm", "", a76, dot, false, ""},
		{"forced down on ARM", "neon", v1, neon, false, ""},
		{"forced to Go on ARM", "generic", a53, generic, false, ""},
		{"forced above ARM's processor", "i8mm", a76, dot, false, "PETRIFY_KERNEL=i8mm: want one of generic, neon, dot on"},
		{"another architecture's", "avx2", a53, neon, false, "PETRIFY_KERNEL=avx2: want one of generic, neon on"},
		{"ARM's on another", "neon", zen4, avx512, true, "PETRIFY_KERNEL=neon: want one of generic, avx2, avx512 on"},
		{"nothing to choose from", "avx2", features{}, generic, false, "PETRIFY_KERNEL=avx2: want one of generic on"},
	} {
		set, vnni, err := choose(c.forced, c.has)
		if set != c.set || vnni != c.vnni {
			t.Errorf("%s: choose(%q, %v) = %v, %v; want %v, %v", c.name, c.forced, c.has, set, vnni, c.set, c.vnni)
		}
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
