// Command motions writes synthetic recordings of an accelerometer, worn at the hip:
// a folder for each motion, with a CSV file for each recording, in g at 50 Hz. What
// tells motions apart is the frequency of the steps and how they shake; each
// recording has its own pace, strength and way to wear the sensor. Or it writes one long
// table, in which motions follow each other.
//
//	go run petrify/examples/motions motions
//	go run petrify/examples/motions motions.csv
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
		log.Fatal("want the folder, or the .csv file, to write to")
	}
	path, r := os.Args[1], rand.New(rand.NewPCG(1, 2))
	var err error
	if filepath.Ext(path) == ".csv" {
		err = atomicfile.Write(path, func(w io.Writer) error { return sessions(w, 40, r) })
	} else {
		err = write(path, 20, r)
	}
	if err != nil {
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

// wearer is how somebody moves and wears the sensor.
type wearer struct {
	tempo, strength float64    // of all paces and swings, about 1
	down            [3]float64 // in g
	phase           [3]float64
	at              float64 // steps so far
}

func newWearer(r *rand.Rand) *wearer {
	p := wearer{tempo: 0.85 + 0.3*r.Float64(), strength: 0.7 + 0.6*r.Float64()}
	tilt, turn := 0.5*r.NormFloat64(), r.Float64()*2*math.Pi
	for i := range p.phase {
		p.phase[i] = r.Float64() * 2 * math.Pi
	}
	p.down = [3]float64{math.Sin(tilt) * math.Cos(turn), math.Sin(tilt) * math.Sin(turn), math.Cos(tilt)}
	p.at = r.Float64()
	return &p
}

// moment is the next row of a motion.
func (p *wearer) moment(m motion, r *rand.Rand) (g [3]float64) {
	p.at += m.pace * p.tempo / rate * (1 + 0.1*r.NormFloat64())
	angle := 2 * math.Pi * p.at
	for axis, far := range m.shake {
		swing := math.Sin(angle+p.phase[axis]) + m.harmony*math.Sin(2*angle+p.phase[axis])
		g[axis] = p.down[axis] + p.strength*far*swing + 0.03*r.NormFloat64()
	}
	return g
}

// record writes 20 to 40 seconds of a motion.
func (m motion) record(w io.Writer, r *rand.Rand) error {
	p := newWearer(r)
	_, err := io.WriteString(w, "time,x,y,z\n")
	for i := range rate * (20 + r.IntN(20)) {
		g := p.moment(m, r)
		_, e := fmt.Fprintf(w, "%.2f,%.3f,%.3f,%.3f\n", float64(i)/rate, g[0], g[1], g[2])
		err = errors.Join(err, e)
	}
	return err
}

// sessions writes n recordings of somebody who moves now in one way and now in another, as one
// table: with each row's motion, steps in a second, and whether there are steps and whether they
// are uneven.
func sessions(w io.Writer, n int, r *rand.Rand) error {
	_, err := io.WriteString(w, "session,time,x,y,z,motion,pace,steps,uneven\n")
	for session := range n {
		p, m, left := newWearer(r), motion{}, 0
		for i := range rate * (40 + r.IntN(20)) {
			if left == 0 {
				m, left = motions[r.IntN(len(motions))], rate*(4+r.IntN(6))
			}
			left--
			g, pace := p.moment(m, r), m.pace*p.tempo
			if m.name == "rest" {
				pace = 0
			}
			_, e := fmt.Fprintf(w, "%d,%.2f,%.3f,%.3f,%.3f,%s,%.3g,%d,%d\n", session+1, float64(i)/rate, g[0], g[1], g[2],
				m.name, pace, one(pace > 0), one(m.harmony > 0.4))
			err = errors.Join(err, e)
		}
	}
	return err
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
