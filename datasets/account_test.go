package datasets

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The account of the digits says what a person would count in them.
func TestAccount(t *testing.T) {
	set, err := Open("digits", Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `digits: the built-in digits
  source      E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, ` +
		`1998, doi:10.24432/C50P49, CC BY 4.0
  samples     1442 to train, 355 to test: every fifth of each class for testing
  classes     10: 0 (143 + 35), 1 (146 + 36), 2 (142 + 35), 3 (147 + 36), 4 (145 + 36), 5 (146 + 36), 6 (145 + 36), ` +
		`… 9 (144 + 36)
  shape       1 × 8 × 8 (channels, height, width)
  values      uint8, 0 to 16, mean 4.882
  normalised  value × 0.0625, then minus mean, divided by standard deviation of each channel in training
`
	if got := set.Account.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if page, err := os.ReadFile("../docs/data.md"); err != nil || !strings.Contains(string(page), want) {
		t.Errorf("docs/data.md does not show the account of the digits, %v", err)
	}
	held := make([]bool, set.Train.Len())
	held[0], held[1], held[2] = true, true, true // a 0, a 1 and a 2
	_, part := set.Train.Cut(held)
	a := set.Account.HoldOut(part)
	if a.Samples != (Counts{1439, 3, 355}) || a.Classes[2].Counts != (Counts{141, 1, 35}) ||
		set.Account.Classes[2].Counts != (Counts{142, 0, 35}) {
		t.Errorf("held out: %+v %+v, before %+v", a.Samples, a.Classes[2], set.Account.Classes[2])
	}
	for i, label := range set.Train.Labels {
		held[i] = label == 7
	}
	_, part = set.Train.Cut(held)
	if said := strings.Join(set.Account.HoldOut(part).Warnings, "\n"); said != "no training samples of class 7 "+
		"are left, with 144 held out" || set.Account.Warnings != nil {
		t.Errorf("all sevens are held out: %q", said)
	}
	if text, err := json.Marshal(a); err != nil || !strings.Contains(string(text), `{"name":"2","train":141,`+
		`"validation":1,"test":35}`) {
		t.Errorf("%s, %v", text, err)
	}
}

// An account tells the extent of each split's values, and what is constant.
func TestAccountOfValues(t *testing.T) {
	for name, train := range map[string]*Split{
		"bytes":  {Images: []uint8{7, 1, 7, 5}, Labels: []int32{0, 0}},
		"values": {Values: []float32{7, 1, 7, 5}, Labels: []int32{0, 0}},
	} {
		set, err := New(Set{Shape: [3]int{2, 1, 1}, Train: train, Test: train})
		if err != nil {
			t.Fatal(err)
		}
		v := set.Account.Values
		if v.Least != 1 || v.Greatest != 7 || v.Mean != 5 || len(v.Constant) != 1 || v.Constant[0] != "channel 0" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
