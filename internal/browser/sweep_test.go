package browser

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sweepPlan = `
base: {network: mlp, float: {epochs: 2}, qat: {epochs: 1}}
axes:
  bits: {W8: {}, W4: {quantization: {global_config: {weight_bits: 4}}}}
  seed: 1..2
exclude: [{bits: W4, seed: 2}]
`

// The page of a sweep has the numbers of its table, and draws intervals where there are some.
func TestPageOfSweep(t *testing.T) {
	if err := os.WriteFile(filepath.Join(work, "sweep.yaml"), []byte(sweepPlan), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, "sweep", "plan", "sweep.yaml", "--out", "swept")
	run(t, "sweep", "run", "swept")
	run(t, "report", "swept")
	rows, err := csv.NewReader(strings.NewReader(run(t, "sweep", "results", "swept", "--csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{360, 1200} {
		w := open(t, filepath.Join(work, "swept", "report.html"), width, 900, width == 360)
		cells := says[[][]string](t, w, `[...document.querySelectorAll("#results tbody tr")].map(
			r => [...r.cells].map(c => c.textContent))`)
		for i, row := range cells {
			if want := rows[i+1]; row[0] != want[0] || row[1] != want[2]+"/"+want[1] {
				t.Errorf("row %q, in CSV %q", row, want)
			}
		}
		if wide := says[int64](t, w, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("the page is %d pixels wide", wide)
		}
		w.clean(t)
		w.shoot(t, fmt.Sprintf("sweep-%d", width))
		// A point on each interval, off its middle, has the colour of its series.
		drawn := says[[]bool](t, w, `(() => {
			const figure = document.querySelector("#front figure"), u = figure.plot, found = [];
			const spec = JSON.parse(document.getElementById("data").textContent).charts[figure.dataset.chart];
			for (const s of spec.series) s.values.forEach((v, i) => {
				if (v == null || !(s.halves[i] > 0)) return;
				const x = Math.round(u.valToPos(spec.x[i], "x", true));
				const y = Math.round(u.valToPos(v + s.halves[i] / 2, "y", true));
				const got = [...u.ctx.getImageData(x - 2, y, 5, 1).data];
				const back = [...u.ctx.getImageData(x - 20, y, 1, 1).data];
				found.push(got.some((c, j) => Math.abs(c - back[j % 4]) > 60));
			});
			return found;
		})()`)
		if len(drawn) != 1 || !drawn[0] { // a single trial has no interval
			t.Errorf("intervals drawn: %v, want one", drawn)
		}
	}
}
