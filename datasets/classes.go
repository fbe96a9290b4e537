package datasets

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxClasses bounds the classes that labels make: a quantity to predict is not
// a class.
const maxClasses = 1 << 16

// numberClasses replaces labels, any whole numbers, by their places in the
// ascending list of those that occur, and names the classes by it.
func (s *Set) numberClasses() error {
	place := map[int32]int32{}
	for _, p := range s.splits() {
		for _, label := range p.Labels {
			place[label] = 0
		}
	}
	if len(place) > maxClasses {
		return fmt.Errorf("%d different labels, want at most %d classes", len(place), maxClasses)
	}
	s.Classes = nil
	moved := false
	for i, label := range slices.Sorted(maps.Keys(place)) {
		place[label] = int32(i)
		moved = moved || label != int32(i)
		s.Classes = append(s.Classes, strconv.Itoa(int(label)))
	}
	if !moved {
		return nil
	}
	s.Account.warn("labels are not 0 to %d, but %s; outputs are in this order", len(s.Classes)-1, listed(s.Classes))
	for _, p := range s.splits() {
		for i, label := range p.Labels {
			p.Labels[i] = place[label]
		}
	}
	return nil
}

// numbered names n classes by their numbers.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// checkClasses refuses a class that is tested without having been learned.
func (s *Set) checkClasses() error {
	if s.Classes == nil {
		return nil
	}
	learned := make([]bool, len(s.Classes))
	for _, label := range s.Train.Labels {
		learned[label] = true
	}
	for i, p := range s.splits() {
		for _, label := range p.Labels {
			if !learned[label] {
				return fmt.Errorf("class %s occurs in the %s split, but not in training", clip(s.Classes[label]),
					splitName(i))
			}
		}
	}
	return nil
}

// warnOfClasses warns of classes that are hardly meant as such.
func (a *Account) warnOfClasses() {
	a.warnEmpty()
	samples := func(c ClassAccount) string {
		n := c.Train + c.Test
		if n == 1 {
			return fmt.Sprintf("%q (1 sample)", clip(c.Name))
		}
		return fmt.Sprintf("%q (%d samples)", clip(c.Name), n)
	}
	alike := map[string]ClassAccount{}
	for _, c := range a.Classes {
		if isMissing(c.Name) {
			a.warn("class %s looks like a missing value", samples(c))
		}
		plain := strings.ToLower(strings.Join(strings.Fields(c.Name), ""))
		if other, ok := alike[plain]; ok {
			a.warn("classes %s and %s differ only in case or spaces", samples(other), samples(c))
		}
		alike[plain] = c
	}
	if len(a.Classes) == 1 {
		a.warn("there is only one class: %s", a.Classes[0].Name)
	}
}

// warnEmpty warns of classes without samples.
func (a *Account) warnEmpty() {
	var untrained, untested []string
	for _, c := range a.Classes {
		if c.Train == 0 {
			untrained = append(untrained, c.Name)
		} else if c.Test == 0 {
			untested = append(untested, c.Name)
		}
	}
	if untrained != nil {
		a.warn("no training samples of class %s", listed(untrained))
	}
	if untested != nil {
		a.warn("no test samples of class %s", listed(untested))
	}
}
