package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"petrify/quantized"
	"petrify/quantized/integer"
)

func main() {
	today, _ := strconv.ParseUint(time.Now().UTC().Format("20060102"), 10, 64)
	full := flag.Bool("full", false, "try everything, for an hour or two, not a sample")
	record := flag.Bool("record", false, "write the figures and the table of docs/c.md")
	rates := flag.Bool("fit", false, "measure what each kernel takes, and write "+ratesFile)
	sizes := flag.Bool("sizes", false, "measure what each part of an export adds to its code, and write "+sizesFile)
	host := flag.Bool("host", false, "time exported C and the engine on this machine")
	layers := flag.String("layers", "", "count each layer of this `NETWORK`")
	level := flag.String("level", "-O2", "of -layers: how the compiler optimizes")
	only := flag.String("core", "", "this core alone")
	seed := flag.Uint64("seed", today, "what random networks are drawn from; the day, if not given")
	root := flag.String("root", ".", "the project's `FOLDER`")
	flag.Parse()
	all := slices.DeleteFunc(cores(), func(c core) bool { return *only != "" && c.name != *only })
	var err error
	switch {
	case len(all) == 0:
		err = fmt.Errorf("core %q: want one of %v", *only, names(cores()))
	case *layers != "":
		err = showLayers(all, *layers, *level)
	case *record:
		err = recordFigures(*root, all)
	case *host:
		err = compareHost()
	case *sizes:
		err = fitSizes(*root)
	case *rates:
		err = fitRates(*root, all)
	case *full:
		err = try(*root, enumeration(all, *seed))
	default:
		err = try(*root, sample(all, *seed))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func names(cores []core) (all []string) {
	for _, c := range cores {
		all = append(all, c.name)
	}
	return all
}

// task is a trial that is not built yet.
type task struct {
	core
	network        string // "": a random one
	format         format
	seed           uint64 // of a random one
	requantization integer.Requantization
	level          string
}

func (t task) String() string {
	what := t.network + " " + t.format.name
	if t.network == "" {
		what = fmt.Sprintf("random network %d", t.seed)
	}
	return fmt.Sprintf("%s, %s, %v, %s", what, t.title, t.requantization, t.level)
}

var requantizations = []integer.Requantization{integer.Float32, integer.Gemmlowp, integer.Single}

var levels = []string{"-O2", "-Os"}

// enumeration is every network in every format, and 200 random ones.
func enumeration(cores []core, seed uint64) (all []task) {
	for _, c := range cores {
		for _, level := range levels {
			for _, r := range requantizations {
				for _, n := range networks {
					for _, f := range formats {
						all = append(all, task{c, n.name, f, 0, r, level})
					}
				}
			}
		}
		for i := range uint64(200) {
			all = append(all, task{core: c, seed: seed*1000 + i, requantization: requantizations[i%3], level: levels[i%2]})
		}
	}
	return all
}

// Random networks with a sum of tensors that rounds ties, and with depthwise windows that are not 3 × 3.
const withTies, withDepthwise = 1443, 309

// sample is for each core recorded figures, zero points, weights of few bits, ties and
// unusual windows, and one network and format and some random networks, other ones each day; and two
// that gcc 12 got wrong, or warned of.
func sample(cores []core, seed uint64) (all []task) {
	for i, c := range cores {
		if c.name == "m55" {
			all = append(all, task{core: c, seed: 6009, requantization: integer.Single, level: "-Os"},
				task{core: c, seed: 20261127198, level: "-O2"})
		}
		k := int(seed%1000) + i
		all = append(all, task{c, "ds-cnn", formats[0], 0, integer.Gemmlowp, "-O2"},
			task{c, "resnet8", formats[0], 0, integer.Gemmlowp, "-O2"},
			task{c, "cnn", formats[0], 0, integer.Gemmlowp, "-Os"},
			task{c, "ds-cnn", formats[1], 0, integer.Single, "-Os"},
			task{c, "lenet5", formats[4], 0, integer.Float32, "-O2"},
			task{core: c, seed: withTies, requantization: integer.Gemmlowp, level: "-O2"},
			task{core: c, network: halves, requantization: integer.Float32, level: levels[i%2]},
			task{core: c, seed: withDepthwise, requantization: integer.Gemmlowp, level: "-O2"},
			task{c, networks[k%len(networks)].name, formats[k%len(formats)], 0, requantizations[k/2%3], levels[k%2]})
		for j := range uint64(2) {
			all = append(all, task{core: c, seed: seed*1000 + uint64(i)*2 + j, requantization: requantizations[(k+int(j))%3],
				level: levels[j%2]})
		}
	}
	return all
}

// models makes each model once.
type models struct {
	sync.Mutex
	made map[string]*quantized.Model
}

func (m *models) of(t task) (*quantized.Model, error) {
	switch t.network {
	case "":
		return random(t.seed)
	case halves:
		return sumOfHalves(), nil
	}
	m.Lock()
	defer m.Unlock()
	id := t.network + " " + t.format.name
	if m.made[id] != nil {
		return m.made[id], nil
	}
	i := slices.IndexFunc(networks, func(n network) bool { return n.name == t.network })
	if i < 0 {
		return nil, fmt.Errorf("network %q: want one of mlp, lenet5, cnn, ds-cnn, resnet8, mobilenet-v1-0.25, "+
			"autoencoder", t.network)
	}
	made, err := networks[i].model(t.format)
	if err == nil {
		m.made[id] = made
	}
	return made, err
}

// run executes tasks, as many at a time as there are processors, and calls done after each.
func run(tasks []task, done func(t task, r result, err error)) {
	m := models{made: map[string]*quantized.Model{}}
	var one sync.Mutex
	parallel(len(tasks), func(i int) {
		t := tasks[i]
		var r result
		model, err := m.of(t)
		if err == nil {
			r, err = trial{core: t.core, model: model, requantization: t.requantization, level: t.level, inputs: 4}.run()
		}
		one.Lock()
		defer one.Unlock()
		done(t, r, err)
	})
}

// parallel calls f for 0 to n−1, as many at a time as there are processors.
func parallel(n int, f func(i int)) {
	free := make(chan bool, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i := range n {
		free <- true
		all.Go(func() {
			defer func() { <-free }()
			f(i)
		})
	}
	all.Wait()
}

// try compares outputs with the engine's, and counts with the recorded figures.
func try(root string, tasks []task) error {
	recorded, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		return err
	}
	var faults []error
	equal, held := 0, 0
	run(tasks, func(t task, r result, err error) {
		switch {
		case err != nil:
		case r.differ > 0:
			err = fmt.Errorf("%d outputs are not the engine's", r.differ)
		default:
			equal++
			if f, ok := recorded[keyOf(t)]; ok {
				held++
				err = f.holds(r)
			}
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%v: %w", t, err))
			fmt.Fprintln(os.Stderr, faults[len(faults)-1])
		}
	})
	fmt.Printf("%d exports executed: of %d all outputs are the engine's; %d held to recorded figures\n", len(tasks),
		equal, held)
	if faults != nil {
		return fmt.Errorf("%d of %d failed", len(faults), len(tasks))
	}
	return nil
}

// recordFigures counts what the table shows of these cores.
func recordFigures(root string, cores []core) error {
	all, err := readFigures(filepath.Join(root, figuresFile))
	if err != nil {
		return err
	}
	var faults []error
	run(figureTasks(cores), func(t task, r result, err error) {
		if err == nil && r.differ > 0 {
			err = fmt.Errorf("%d outputs are not the engine's", r.differ)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%v: %w", t, err))
			return
		}
		all[keyOf(t)] = figure{int64(r.instructions), r.code, r.stack}
	})
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, figuresFile), writeFigures(all), 0o666); err != nil {
		return err
	}
	return writePage(filepath.Join(root, pageFile), all)
}

// showLayers prints what each layer takes.
func showLayers(cores []core, name, level string) error {
	m := models{made: map[string]*quantized.Model{}}
	for _, c := range cores {
		model, err := m.of(task{network: name, format: formats[0]})
		if err != nil {
			return err
		}
		r, err := trial{core: c, model: model, requantization: integer.Gemmlowp, level: level, inputs: 2,
			layers: true}.run()
		if err != nil {
			return err
		}
		fmt.Printf("%s %s %s: %.3f instructions a multiply-accumulate, %d bytes of code, %d of stack, %d outputs differ\n",
			c.title, name, level, r.instructions/float64(model.Size().MACs), r.code, r.stack, r.differ)
		for i, n := range r.layers {
			fmt.Printf("%12.0f  %s\n", n, r.calls[i])
		}
	}
	return nil
}

// sorted are the keys of figures in the table's order.
func sorted(all map[key]figure) []key {
	return slices.SortedFunc(maps.Keys(all), func(a, b key) int {
		return cmp.Or(cmp.Compare(place(a.network), place(b.network)), cmp.Compare(rank(a.core), rank(b.core)),
			cmp.Compare(a.requantization, b.requantization), cmp.Compare(a.level, b.level))
	})
}

func place(name string) int {
	return slices.IndexFunc(networks, func(n network) bool { return n.name == name })
}

func rank(name string) int { return slices.Index(names(cores()), name) }
