package analysis

import (
	"context"
	"errors"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
	"petrify/train"
)

// Job is what to analyse.
type Job struct {
	Config   train.Config                      // of a run that trains nothing, with the float network's weights
	At       func(bits int) graph.Quantization // with as many bits for every integer
	Images   int                               // at most; 0: 2000
	Progress func(done, total int)             // nil: nobody wants to know
}

// defaultImages is the number of images.
const defaultImages = 2000

// Study is an analysis in progress: networks that differ in the bits of their tensors.
type Study struct {
	Job
	models      map[int]*graph.Model // by bits
	held        *datasets.Split
	split       string // that they are from
	checksum    string // of the data
	float       *trace
	uniform     map[int]*trace // by bits; that of most is the trunk
	tensors     []*tensor
	plain       *train.Measurer
	same        map[int]*train.Measurer // of the uniform networks
	done, total int
}

// trunk is the network from which the others branch off.
func (s *Study) trunk() *trace { return s.uniform[Bits()[0]] }

// base is its model.
func (s *Study) base() *graph.Model { return s.models[Bits()[0]] }

// Run analyses a network. The result does not depend on the number of processors.
func Run(ctx context.Context, j Job) (*Result, error) {
	_, r, err := Begin(ctx, j)
	return r, err
}

// Begin analyses a network, and returns what measures others with the same weights.
func Begin(ctx context.Context, j Job) (*Study, *Result, error) {
	s := &Study{Job: j}
	err := s.begin(ctx)
	if err == nil {
		err = s.measure(ctx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("analysis: %w", err)
	}
	return s, s.result(), nil
}

// begin makes all networks and chooses the images.
func (s *Study) begin(ctx context.Context) error {
	if s.Images == 0 {
		s.Images = defaultImages
	}
	if s.Progress == nil {
		s.Progress = func(int, int) {}
	}
	s.models, s.uniform, s.same = map[int]*graph.Model{}, map[int]*trace{}, map[int]*train.Measurer{}
	if s.split = "training"; s.Config.Validation > 0 || s.Config.Data.Validation != nil {
		s.split = "validation"
	}
	s.Config = s.Config.HoldOut(s.Images).ForTask()
	s.checksum = s.Config.Data.Checksum()
	if err := s.observe(ctx); err != nil {
		return err
	}
	return s.prepare(ctx)
}

// observe finds the ranges for each number of bits.
func (s *Study) observe(ctx context.Context) error {
	s.total = len(Bits())
	for _, bits := range Bits() {
		s.Config.Quantization = s.At(bits)
		var err error
		if s.models[bits], s.held, err = train.Ranges(ctx, s.Config); err != nil {
			return err
		}
		s.tick(0)
	}
	if s.held == nil || s.held.Len() == 0 {
		return errors.New("no images can be held out: want 5 for training or more, or a validation split")
	}
	s.held = train.Evenly(s.held, s.Images)
	return nil
}

// tick counts a piece of work, and those that come to light.
func (s *Study) tick(more int) {
	s.done, s.total = s.done+1, s.total+more
	s.Progress(s.done, s.total)
}

// prepare freezes all networks.
func (s *Study) prepare(ctx context.Context) error {
	stripped := map[string]*graph.Model{}
	for _, p := range s.base().Placements() {
		stripped[p.Tensor] = nil
	}
	if len(stripped) == 0 {
		return errors.New("the configuration quantizes nothing")
	}
	m, err := s.base().Mix(stripped)
	if err != nil {
		return err
	}
	if s.float, err = newTrace(m); err != nil {
		return err
	}
	s.plain = s.measurer()
	for _, bits := range Bits() {
		if m, err = s.models[bits].Freeze(); err != nil {
			return err
		}
		if s.uniform[bits], err = newTrace(m); err != nil {
			return err
		}
		s.same[bits] = s.measurer()
	}
	for _, p := range s.base().Placements() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		t, err := s.tensor(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Tensor, err)
		}
		s.tensors = append(s.tensors, t)
	}
	return nil
}

// measurer adds up what a network gives.
func (s *Study) measurer() *train.Measurer { return s.Config.Measurer(s.base()) }

// room is how many bytes the activations of some images may take.
const room = 192 << 20

// block is the number of images that are computed together.
func (s *Study) block() int {
	each := 4 * 3 * s.float.elements() // of the float network, the trunk, and one more
	return max(1, min(256, s.held.Len(), room/each))
}

// measure runs all networks on all images.
func (s *Study) measure(ctx context.Context) error {
	block := s.block()
	blocks := (s.held.Len() + block - 1) / block
	s.tick(blocks*(len(Bits())+len(s.tensors)) - 1)
	for b, err := range s.Config.Data.Batches(s.held, datasets.BatchOptions{Size: block}) {
		if err != nil {
			return err
		}
		b = s.cut(b)
		trunk, err := s.look(ctx, b)
		if err != nil {
			return err
		}
		for _, t := range s.tensors {
			if err := s.alone(ctx, t, trunk, b); err != nil {
				return fmt.Errorf("%s: %w", t.Tensor, err)
			}
			s.tick(0)
		}
	}
	return nil
}

// cut is a batch without the rows that fill it up.
func (s *Study) cut(b datasets.Batch) datasets.Batch {
	b.Targets = b.Targets[:len(b.Targets)/len(b.Labels)*b.N]
	b.X, b.Labels = b.X[:b.N*s.base().Input().Size()], b.Labels[:b.N]
	return b
}

// look runs the float network and the uniform ones, and returns the activations of
// the trunk.
func (s *Study) look(ctx context.Context, b datasets.Batch) (trunk map[string][]float32, err error) {
	float, err := s.float.run(b.X, b.N)
	if err != nil {
		return nil, err
	}
	if err := s.judge(s.plain, float[s.float.model.Output], b); err != nil {
		return nil, err
	}
	if err := s.each(func(t *tensor) error { return t.observe(float, b.N) }); err != nil {
		return nil, err
	}
	for _, bits := range Bits() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		rounded, err := s.uniform[bits].run(b.X, b.N)
		if err != nil {
			return nil, err
		}
		if err := s.judge(s.same[bits], rounded[s.uniform[bits].model.Output], b); err != nil {
			return nil, err
		}
		if bits == Bits()[0] {
			trunk = rounded
		}
		if err := s.each(func(t *tensor) error { t.compare(bits, float, rounded); return nil }); err != nil {
			return nil, err
		}
		s.tick(0)
	}
	return trunk, nil
}

// judge adds outputs, H W C.
func (s *Study) judge(to *train.Measurer, y []float32, b datasets.Batch) error {
	return to.Add(b, planar(y, s.trunk().acts[s.trunk().model.Output].Shape))
}

// alone measures the loss with the tensor in float32 and at each number of bits, every
// other one as in the trunk.
func (s *Study) alone(ctx context.Context, t *tensor, trunk map[string][]float32, b datasets.Batch) error {
	for bits, other := range t.branches {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		y := trunk[s.trunk().model.Output]
		if len(other.nodes) > 0 {
			var err error
			if y, err = other.run(trunk, b.X, b.N, s.trunk().model.Input.Name); err != nil {
				return err
			}
		}
		if err := s.judge(t.losses[bits], y, b); err != nil {
			return err
		}
	}
	return nil
}

// result sums up.
func (s *Study) result() *Result {
	c := s.Config
	r := &Result{Version: Version, Program: c.Version, Task: c.Task.String(), Network: c.Network.Name,
		Dataset: c.Data.Name, Images: Images{Split: s.split, Count: s.held.Len()}, Float: s.found(s.plain)}
	if r.Float.Metric != nil {
		r.Metric = c.Task.HeldHeadline().Key
	}
	for _, bits := range Bits() {
		r.Uniform = append(r.Uniform, Uniform{bits, s.found(s.same[bits])})
	}
	for _, t := range s.tensors {
		measures := map[int]Measure{Bits()[0]: s.found(s.same[Bits()[0]])}
		for bits, m := range t.losses {
			measures[bits] = s.found(m)
		}
		r.Tensors = append(r.Tensors, t.result(measures))
	}
	return r
}

// found is what a measurer says in the task's terms.
func (s *Study) found(of *train.Measurer) Measure {
	all := of.Metrics()
	m := Measure{Loss: all.Loss}
	switch metric := s.Config.Task.HeldHeadline(); {
	case s.Config.Task == train.Classification:
		wrong := of.Wrong()
		m.Errors = &wrong
	case metric.Key != "loss":
		v := metric.Of(all)
		m.Metric = &v
	}
	return m
}
