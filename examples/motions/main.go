// Command motions writes synthetic recordings of an accelerometer, worn at the hip:
// a folder for each motion, with a CSV file for each recording, in g at 50 Hz. What
// tells motions apart is the frequency of the steps and how they shake; each
// recording has its own pace, strength and way to wear the sensor.
//
//	go run petrify/examples/motions motions
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"petrify/internal/atomicfile"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("want the folder to write to")
	}
	if err := write(os.Args[1], 20, rand.New(rand.NewPCG(1, 2))); err != nil {
		log.Fatal(err)
	}
}

// motion is how the hip moves.
type motion struct {
	name    string
	pace    float64    // steps in a second
	shake   [3]float64 // how far each axis goes, in g
	harmony float64    // strength of twice the pace
}

var motions = []motion{
	{"cycle", 1.3, [3]float64{0.20, 0.08, 0.12}, 0.2},
	{"rest", 0.3, [3]float64{0.01, 0.01, 0.01}, 0},
	{"run", 2.8, [3]float64{0.35, 0.30, 0.90}, 0.5},
	{"stairs", 1.5, [3]float64{0.20, 0.25, 0.35}, 0.9},
	{"walk", 1.9, [3]float64{0.15, 0.15, 0.30}, 0.5},
}

const rate = 50 // rows in a second

// write writes n recordings of each motion.
func write(dir string, n int, r *rand.Rand) error {
	for _, m := range motions {
		folder := filepath.Join(dir, m.name)
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		for i := range n {
			path := filepath.Join(folder, fmt.Sprintf("%s%02d.csv", m.name, i+1))
			if err := atomicfile.Write(path, func(w io.Writer) error { return m.record(w, r) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// record writes 20 to 40 seconds of a motion.
func (m motion) record(w io.Writer, r *rand.Rand) error {
	pace := m.pace * (0.85 + 0.3*r.Float64())
	strength := 0.7 + 0.6*r.Float64()
	tilt, turn := 0.5*r.NormFloat64(), r.Float64()*2*math.Pi
	var phase [3]float64
	for i := range phase {
		phase[i] = r.Float64() * 2 * math.Pi
	}
	down := [3]float64{math.Sin(tilt) * math.Cos(turn), math.Sin(tilt) * math.Sin(turn), math.Cos(tilt)}
	_, err := io.WriteString(w, "time,x,y,z\n")
	at := r.Float64()
	for i := range rate * (20 + r.IntN(20)) {
		at += pace / rate * (1 + 0.1*r.NormFloat64())
		angle := 2 * math.Pi * at
		_, e := fmt.Fprintf(w, "%.2f", float64(i)/rate)
		err = errors.Join(err, e)
		for axis, far := range m.shake {
			swing := math.Sin(angle+phase[axis]) + m.harmony*math.Sin(2*angle+phase[axis])
			_, e := fmt.Fprintf(w, ",%.3f", down[axis]+strength*far*swing+0.03*r.NormFloat64())
			err = errors.Join(err, e)
		}
		_, e = io.WriteString(w, "\n")
		err = errors.Join(err, e)
	}
	return err
}
