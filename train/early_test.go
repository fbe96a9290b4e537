package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/graph"
)

func TestPatienceEndsAStageAndGoesBackToTheBest(t *testing.T) {
	c := small(t)
	c.Validation = 0.2
	c.Float = Stage{Epochs: 60, LearningRate: 0.05, Patience: 3, Schedule: Schedule{Shape: Constant}}
	c.QAT.Epochs = 0
	result := mustRun(t, c)

	records := result.Records[:len(result.Records)-1] // the last is PTQ's
	best := slices.MinFunc(records, func(a, b Record) int {
		if a.Validation.Loss < b.Validation.Loss {
			return -1
		}
		return 1
	})
	if len(records) == 60 || len(records) != best.Epoch+3 {
		t.Errorf("%d epochs, the best was epoch %d: want an end 3 epochs later", len(records), best.Epoch)
	}
	if result.Float != best.Test {
		t.Errorf("the stage ends with %v, its best epoch has %v", result.Float, best.Test)
	}
	if result.Summary.Samples.Train != 512-102 {
		t.Errorf("%d training images, want 512 without the 102 held out", result.Summary.Samples.Train)
	}
}

// Before fake quantization has begun in all layers, an epoch of QAT does not
// belong to the frozen network, and is not a candidate however good it is.
func TestPatienceWaitsForQuantization(t *testing.T) {
	r := &run{Config: small(t)}
	r.Phase = QAT
	r.Quantization.Names = []graph.NameRule{{Pattern: "linear.*", Scheme: r.Quantization.Default}}
	r.Milestones, r.RuleMilestones = Milestones{Quantize: Epochs(1)},
		map[graph.Rule]Milestones{{Pattern: "linear.*"}: {Quantize: Epochs(2)}}
	s := Stage{Patience: 1}
	r.model = mustModel(t, r.Config)
	r.agenda = r.Config.agenda(r.model.Domains())
	for _, record := range []Record{
		{Epoch: 1, Step: 16, Validation: Metrics{Loss: 0.1}},
		{Epoch: 2, Step: 32, Validation: Metrics{Loss: 0.1}},
	} {
		if r.compare(s, record); r.Best.Epoch != 0 {
			t.Fatalf("epoch %d is taken", r.Best.Epoch)
		}
	}
	r.compare(s, Record{Epoch: 3, Step: 48, Validation: Metrics{Loss: 0.9}})
	if r.Best.Epoch != 3 {
		t.Errorf("the best epoch is %d, want the first quantized one, 3", r.Best.Epoch)
	}
}

func TestHold(t *testing.T) {
	split := &datasets.Split{}
	for i := range 50 {
		split.Images = append(split.Images, uint8(2*i), uint8(2*i+1))
		split.Labels = append(split.Labels, int32(i))
	}
	rest, held := hold(split, 15, rand.New(rand.NewPCG(1, 2)))
	if rest.Len() != 35 || held.Len() != 15 {
		t.Fatalf("%d and %d images, want 35 and 15", rest.Len(), held.Len())
	}
	all := slices.Concat(rest.Labels, held.Labels)
	slices.Sort(all)
	if !slices.Equal(all, split.Labels) {
		t.Errorf("labels %v: want each image once", all)
	}
	for _, part := range []*datasets.Split{rest, held} {
		if !slices.IsSorted(part.Labels) {
			t.Errorf("labels %v: want them in order", part.Labels)
		}
		for i, label := range part.Labels {
			if got := part.Images[2*part.Rows[i]:][:2]; got[0] != uint8(2*label) || got[1] != uint8(2*label+1) {
				t.Errorf("image %d has pixels %v", label, got)
			}
		}
	}
}

// Data with a validation split of their own need no images held out.
func TestPatienceByTheDatasValidationSplit(t *testing.T) {
	c := small(t)
	rest, held := hold(c.Data.Train, 100, rand.New(rand.NewPCG(1, 2)))
	data := *c.Data
	data.Train, data.Validation = rest, held
	set, err := datasets.New(data)
	if err != nil {
		t.Fatal(err)
	}
	c.Data = set
	c.Float, c.QAT.Epochs = Stage{Epochs: 1, LearningRate: 0.05, Patience: 3}, 0
	result := mustRun(t, c)
	if result.Records[0].Validation.Loss <= 0 {
		t.Errorf("record %+v, want a loss in validation", result.Records[0])
	}
	if got := result.Summary.Data.Samples; got.Train != 412 || got.Validation != 100 {
		t.Errorf("account %+v, want 412 to train, 100 to validate", got)
	}
	c.Validation = 0.1
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "the data have a validation split") {
		t.Errorf("validation twice: %v", err)
	}
}

// Of recordings, whole ones are held out, and steps are counted accordingly.
func TestHoldOutOfRecordings(t *testing.T) {
	c := small(t)
	data := *c.Data
	train := *data.Train
	for i := range train.Len() {
		train.Groups = append(train.Groups, int32(i/100))
	}
	data.Train = &train
	c.Data, c.Validation = &data, 0.1
	r, err := start(c.resolve())
	if err != nil {
		t.Fatal(err)
	}
	first := r.held.Rows[0] / 100
	for _, row := range r.held.Rows {
		if row/100 != first {
			t.Fatalf("images %v are held out, want those of one recording", r.held.Rows)
		}
	}
	if n := r.held.Len(); n != c.heldOut() || r.split.Len()+n != train.Len() || n != 100 && n != train.Len()%100 {
		t.Errorf("%d images held out, %d counted, %d left of %d", n, c.heldOut(), r.split.Len(), train.Len())
	}
	clear(train.Groups)
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "the training data are one recording") {
		t.Errorf("error %v, want one about one recording", err)
	}
}
