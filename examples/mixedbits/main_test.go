package main

import (
	"context"
	"fmt"
	"os"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// conv1  weights int8_narrow  output uint4
	// conv2  weights int4_narrow  output uint4
	// fc1    weights int3_narrow  output uint8
	// fc2    weights int8_narrow  output int8
	// more than 95 % right: true
}
