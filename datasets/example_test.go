package datasets_test

import (
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"petrify/datasets"
)

// The built-in digits, in batches of 64, shuffled.
func Example() {
	set, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Train.Len(), "to train,", set.Test.Len(), "to test, shape", set.Shape)

	r := rand.New(rand.NewPCG(1, 0))
	images, last := 0, 0
	for batch, err := range set.Batches(set.Train, datasets.BatchOptions{Size: 64, Rand: r}) {
		if err != nil {
			log.Fatal(err)
		}
		images += batch.N // batch.X holds 64 images of 8·8 pixels, batch.Labels 64 labels
		last = batch.N
	}
	fmt.Println(images, "images in", set.Train.Steps(64), "batches, the last of", last)
	// Output:
	// 1442 to train, 355 to test, shape [1 8 8]
	// 1442 images in 23 batches, the last of 34
}

// Your own table: one row per example, one column with the class.
func ExampleOpen_csv() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "iris.csv")
	table := "length,width,species\n5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,versicolor\n6.4,3.2,versicolor\n"
	if err := os.WriteFile(path, []byte(table), 0o644); err != nil {
		log.Fatal(err)
	}
	set, err := datasets.Open(path, datasets.Options{Label: "species", TestFraction: 0.5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Name, set.Shape, set.Classes, set.Train.Len(), set.Test.Len())
	// Output:
	// iris [2 1 1] [setosa versicolor] 2 2
}

// Data made in memory: four images of 1×2 pixels.
func ExampleNew() {
	set, err := datasets.New(datasets.Set{
		Name:    "stripes",
		Shape:   [3]int{1, 1, 2},
		Classes: []string{"left", "right"},
		Train:   &datasets.Split{Images: []uint8{255, 0, 0, 255}, Labels: []int32{0, 1}},
		Test:    &datasets.Split{Images: []uint8{250, 9, 9, 250}, Labels: []int32{0, 1}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("mean", set.Mean, "std", set.Std)
	for batch, err := range set.Batches(set.Train, datasets.BatchOptions{Size: 3}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch.X, batch.Labels)
	}
	// Output:
	// mean [0.5] std [0.5]
	// [1 -1 -1 1 0 0] [0 1 -1]
}

// An interrupted epoch continues where it was: save the generator's initial
// state and the number of finished batches.
func ExampleSet_Batches_resume() {
	set, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		log.Fatal(err)
	}
	first := func(skip int) int32 {
		r := rand.New(rand.NewPCG(7, 7))
		o := datasets.BatchOptions{Size: 32, Rand: r, Skip: skip, Augment: datasets.Augment{Shift: 1}}
		for batch := range set.Batches(set.Train, o) {
			if batch.Index == 20 {
				return batch.Labels[0]
			}
		}
		return -1
	}
	fmt.Println(first(0) == first(20))
	// Output: true
}

// The list that a command offers.
func ExampleNames() {
	for _, info := range datasets.Names() {
		fmt.Printf("%-14s%s\n", info.Name, info.Summary)
	}
	// Output:
	// digits        1,797 handwritten digits of 8×8 pixels, built in; 10 classes.
	// mnist         70,000 handwritten digits of 28×28 pixels (60,000 to train, 10,000 to test); 10 classes.
	// fashion-mnist 70,000 pictures of clothing of 28×28 pixels (60,000 to train, 10,000 to test); 10 classes.
	// cifar-10      60,000 colour pictures of animals and vehicles of 32×32 pixels (50,000 to train, 10,000 to test); 10 classes.
}
