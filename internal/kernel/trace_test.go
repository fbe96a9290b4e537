package kernel

import "testing"

func TestTraceListsRegions(t *testing.T) {
	var calls int
	regions, after := Trace(func() {
		Parallel(3, func(int) { Parallel(2, func(int) { calls++ }) })
		blocks(2*block, block, func(int, int) { calls++ })
	})
	if calls != 8 || len(regions) != 2 || len(regions[0].Tasks) != 3 || len(regions[1].Tasks) != 2 {
		t.Errorf("%d calls in regions %v, want 6 in one of 3 tasks and 2 in one of 2", calls, regions)
	}
	for _, r := range regions {
		if r.Caller != "kernel.TestTraceListsRegions.func1" || r.Before < 0 || after < 0 {
			t.Errorf("region %+v, then %v: want those of this test", r, after)
		}
	}
	if trace != nil {
		t.Error("the trace goes on")
	}
}
