package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stamps are what a table of recordings says besides features and labels.
type stamps struct {
	times      []float64 // by row
	dated      bool      // times are seconds since 1970, from dates
	recordings labels    // by row
	window     int       // rows of a window, if the table holds recordings
	cut        bool      // missing values are allowed, since recordings are cut there
}

// findStamps finds the columns of time and recording.
func (l *layout) findStamps(w Windows, wanted []int) error {
	for _, s := range []struct {
		key, given string
		usual      []string
		to         *int
		account    *LabelAccount
	}{
		{"time", w.Time, []string{"time", "timestamp", "t", "ts", "datetime", "date_time"}, &l.time, &l.Time},
		{"recording", w.Recording, []string{"recording", "recording_id", "session"}, &l.recording, &l.Recording},
	} {
		at, why := -1, "its title says so"
		if s.given == "none" {
			continue
		}
		if s.given != "" {
			column, err := l.oneColumn(s.given)
			if err != nil {
				return fmt.Errorf("data.windows.%s: %w", s.key, err)
			}
			at, why = column, "data.windows."+s.key
		} else {
			at = slices.IndexFunc(l.titles, func(title string) bool {
				return slices.Contains(s.usual, strings.ToLower(title))
			})
		}
		if at < 0 {
			continue
		}
		*s.to, wanted[at] = at, -1
		*s.account = LabelAccount{Number: at + 1, Reason: why}
		if l.titles != nil {
			s.account.Title = l.titles[at]
		}
	}
	return nil
}

// findStampsLike finds the columns that training had. A table of one recording
// needs no column that says which.
func (l *layout) findStampsLike(t *TableAccount, w Windows) error {
	if t == nil || t.Time.Number == 0 && l.titles != nil {
		w.Recording = "none"
		if err := l.findStamps(w, make([]int, l.width)); err != nil {
			return err
		}
	}
	if t == nil {
		return nil
	}
	find := func(a LabelAccount) int {
		if a.Number > 0 && l.titles == nil {
			return l.numbered(a.Number, t)
		}
		return slices.Index(l.titles, a.Title)
	}
	if t.Time.Number > 0 {
		if l.time = find(t.Time); l.time < 0 {
			return fmt.Errorf("no column %q for the time, have %s", t.Time.Title, l.have())
		}
	}
	if t.Recording.Number > 0 {
		l.recording = find(t.Recording)
	}
	return nil
}

// addTime appends the time of a row.
func (t *table) addTime(text string) error {
	v, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	dated := err != nil
	if dated {
		v, err = dateTime(text)
	}
	if err != nil || v-v != 0 {
		return fmt.Errorf("time %q, want a number, or a date such as 2026-01-31T12:00:00.5Z", clip(text))
	}
	if len(t.times) > 0 && dated != t.dated {
		return fmt.Errorf("time %q: times before it are written otherwise", clip(text))
	}
	t.dated = dated
	t.times = append(t.times, v)
	return nil
}

// dateTime is a date in seconds since 1970.
func dateTime(text string) (float64, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.DateTime,
		"2006/01/02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return float64(at.Unix()) + float64(at.Nanosecond())/1e9, nil
		}
	}
	return 0, fmt.Errorf("no date")
}
