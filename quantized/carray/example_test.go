package carray_test

import (
	"fmt"
	"log"
	"strings"

	"petrify/quantized/carray"
)

// The calls that a small network becomes.
func ExampleEncode() {
	files, err := carray.Encode(tiny(), carray.Options{Name: "pets"})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Name)
	}
	_, run, _ := strings.Cut(string(files[1].Data), "\nvoid pets_run(")
	_, body, _ := strings.Cut(run, "\n{\n")
	calls, _, _ := strings.Cut(body, "}")
	fmt.Print(calls)
	// Output:
	// pets.h
	// pets.c
	// pets_test.c
	//     convolve_blocks(arena, in, arena + 32, &conv2d_1_layer);
	//     max_pool(arena + 32, arena, &max_pool_2_layer);
	//     linear(out, arena + 32, &linear_4_layer);
}
