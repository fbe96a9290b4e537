package fakequant_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

func TestConfigNamesEveryFault(t *testing.T) {
	nan := float32(math.NaN())
	for _, test := range []struct {
		name   string
		config fakequant.Config
		faults []string // parts of the error's lines
	}{
		{"float32 needs nothing", fakequant.Config{}, nil},
		{"default weights", fakequant.Int8().Weights, nil},
		{"default activations", fakequant.Int8().Activations, nil},
		{"unsigned activations", fakequant.Bits(2).Activations.NonNegative(), nil},
		{"learned weights", fakequant.FewBits(4).Weights, nil},
		{"learned activations", fakequant.FewBits(2).Activations.NonNegative(), nil},
		{"options without effect",
			fakequant.Config{Format: affine.Int8, LRFactor: 2, Decay: 1, Seed: 7,
				Observer: observers.Config{Sigmas: 2}},
			[]string{"learning rate factor 2", "decay 1", "seed 7", "sigmas 2"}},
		{"unknown names",
			fakequant.Config{Format: affine.Format{Bits: 9}, Scheme: 9, Dialect: 99, Rounding: 9, Method: 99,
				Observer: observers.Config{Kind: 99}},
			[]string{"9 bits", "scheme(9)", "dialect(99)", "rounding(9)", "method(99)", "kind(99)"}},
		{"bad numbers",
			fakequant.Config{Format: affine.Uint8, Method: fakequant.PACT, LRFactor: nan, Decay: -1,
				Ramp: fakequant.Ramp{Start: 5, Finish: 2}},
			[]string{"learning rate factor NaN", "decay -1", "ramp from step 5 to 2"}},
		{"lsq_plus without a zero point", fakequant.Config{Format: affine.Uint8, Method: fakequant.LSQPlus},
			[]string{"want scheme affine"}},
		{"learned_range without a zero point", fakequant.Config{Format: affine.Uint8,
			Method: fakequant.LearnedRange}, []string{"want scheme affine"}},
		{"pact with a zero point", fakequant.Config{Format: affine.Uint8, Scheme: affine.Affine,
			Method: fakequant.PACT}, []string{"want scheme symmetric"}},
		{"dorefa on the full range", fakequant.Config{Format: affine.Int8, Method: fakequant.DoReFa},
			[]string{"want a narrow format"}},
		{"binary in 8 bits with a dialect",
			fakequant.Config{Format: affine.Int8Narrow, Method: fakequant.Binary, Dialect: affine.Torch,
				Rounding: affine.Floor},
			[]string{"want format binary", "dialect torch has no effect", "rounding floor has no effect"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.config.Validate()
			if err == nil {
				if len(test.faults) > 0 {
					t.Fatalf("no error, want %q", test.faults)
				}
				return
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.faults) {
				t.Errorf("%d faults, want %d:\n%v", len(lines), len(test.faults), err)
			}
			for _, part := range test.faults {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("no %q in:\n%v", part, err)
				}
			}
		})
	}
}

func TestNewNamesTheTensor(t *testing.T) {
	for _, cfg := range []fakequant.Config{
		{},
		{Format: affine.Int8, Method: 99},
		{Format: affine.Int8, Granularity: affine.Granularity{Kind: affine.PerChannel, Axis: 3}},
	} {
		if _, err := fakequant.New("conv1.weight", cfg, 4, 4); err == nil ||
			!strings.HasPrefix(err.Error(), "fakequant: conv1.weight: ") {
			t.Errorf("%+v: error %v", cfg, err)
		}
	}
}

func TestExact(t *testing.T) {
	for _, test := range []struct {
		config fakequant.Config
		want   bool
	}{
		{fakequant.Int8().Activations, true},
		{fakequant.Config{Format: affine.Int8, Dialect: affine.ONNX}, true},
		{fakequant.Config{Format: affine.Int8, Dialect: affine.Torch}, false},
		{fakequant.Config{Format: affine.Int8, Rounding: affine.Floor}, false},
	} {
		if got := test.config.Exact(); got != test.want {
			t.Errorf("%v, %v: exact = %v, want %v", test.config.Dialect, test.config.Rounding, got, test.want)
		}
	}
}

// TestRoundings rounds 2.5, 3.5, −2.5 and 1.2 steps in each way.
func TestRoundings(t *testing.T) {
	want := map[affine.Rounding][]float32{
		affine.HalfEven:   {2, 4, -2, 1},
		affine.HalfAway:   {3, 4, -3, 1},
		affine.HalfUp:     {3, 4, -2, 1},
		affine.Floor:      {2, 3, -3, 1},
		affine.Ceil:       {3, 4, -2, 2},
		affine.TowardZero: {2, 3, -2, 1},
	}
	for _, r := range affine.Roundings() {
		for _, method := range []fakequant.Method{fakequant.STE, fakequant.LSQ} {
			q := ready(t, fakequant.Config{
				Format: affine.Int8, Rounding: r, Method: method,
				Observer: observers.Config{Kind: observers.Fixed, Min: -127, Max: 127},
			})
			if err := q.Observe(make([]float32, 4)); err != nil {
				t.Fatal(err)
			}
			if s := q.Params().Scale[0]; math.Abs(float64(s)-1) > 1e-6 {
				t.Fatalf("scale %v", s)
			}
			if got := apply(t, q, []float32{2.5, 3.5, -2.5, 1.2}); method == fakequant.STE {
				same(t, r.String(), got, want[r])
			} else {
				close32(t, r.String(), got, want[r], 1e-6)
			}
		}
	}
}

func TestDerivedConfigsAreValid(t *testing.T) {
	for _, c := range configs() {
		all := map[string]fakequant.Config{"with bits": c.WithBits(8)}
		if !c.Method.Traits().OwnGrid { // which is for weights
			all["within"] = c.Within(-1, 1)
		}
		for name, derived := range all {
			if err := derived.Validate(); err != nil {
				t.Errorf("%v %s: %v", c.Method, name, err)
			}
		}
	}
	if c := (fakequant.Config{}); c.Within(0, 1) != c || c.WithBits(8) != c || c.NonNegative() != c {
		t.Error("float32 does not stay float32")
	}
}

// TestNonNegative checks that a ReLU's output gets all of 0..255 in every
// dialect.
func TestNonNegative(t *testing.T) {
	for _, d := range affine.Dialects() {
		for _, method := range []fakequant.Method{fakequant.STE, fakequant.LSQ, fakequant.PACT} {
			cfg := fakequant.Int8().Activations
			cfg.Dialect, cfg.Method = d, method
			q := ready(t, cfg.NonNegative())
			if err := q.Observe([]float32{0, 2, 5.1}); err != nil {
				t.Fatal(err)
			}
			p := q.Params()
			if s := float64(p.Scale[0]); math.Abs(s-0.02) > 1e-6 || p.Zero[0] != 0 {
				t.Errorf("%v, %v: s = %v, z = %d; want 0.02, 0", d, method, s, p.Zero[0])
			}
		}
	}
}

// TestConfigIsText checks that a configuration survives a text format, with the
// names that people write.
func TestConfigIsText(t *testing.T) {
	for _, want := range configs() {
		want.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 8}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{want.Format.String(), want.Method.String(), want.Observer.Kind.String(),
			"per_group:1:8"} {
			if !strings.Contains(string(text), `"`+name+`"`) {
				t.Errorf("no %q in %s", name, text)
			}
		}
		var got fakequant.Config
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{
		`{"Format":"int99"}`, `{"Scheme":"odd"}`, `{"Dialect":"klingon"}`, `{"Method":"magic"}`,
		`{"Rounding":"up"}`, `{"Granularity":"per_row"}`, `{"Observer":{"Kind":"eye"}}`,
	} {
		if err := json.Unmarshal([]byte(bad), new(fakequant.Config)); err == nil ||
			!strings.Contains(err.Error(), "want") {
			t.Errorf("%s: error %v, want one that names what is allowed", bad, err)
		}
	}
}
