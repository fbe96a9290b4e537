package main

import (
	"fmt"
	"strings"
)

// repairPlans are those of the table of repairs, in its order.
var repairPlans = []string{"repair-cnn", "repair-resnet8", "repair-ds-cnn"}

// repairs is the table of what repairs the loss of rounding after training: a column for each
// network and choice of bits, a row for each method.
type repairs struct {
	Columns        []string
	Accuracy, Cost [][]string // the first cell of a row is its name
	Plan           string     // of the first network
	File           string
}

// newRepairs reads the plans and what is known of their trials.
func newRepairs(folder string) (r repairs, err error) {
	r.Accuracy = [][]string{{"seeds"}, {"float"}}
	for _, name := range repairPlans {
		s, err := newSection(folder, name)
		if err != nil {
			return r, err
		}
		if r.Plan == "" {
			r.Plan, r.File = s.Plan, name
		}
		for _, row := range s.Rows {
			r.add(strings.TrimPrefix(name, "repair-"), s, row)
		}
	}
	return r, nil
}

// add adds a column.
func (r *repairs) add(network string, s *section, row *bitsRow) {
	if len(r.Columns) == 0 {
		for _, m := range s.Methods {
			r.Accuracy, r.Cost = append(r.Accuracy, []string{m}), append(r.Cost, []string{m})
		}
	}
	r.Columns = append(r.Columns, fmt.Sprintf("%s %s", network, row.Bits))
	put := func(rows [][]string, cells ...string) {
		for i, cell := range cells {
			rows[i] = append(rows[i], cell)
		}
	}
	put(r.Accuracy, append([]string{row.Seeds, s.Float}, row.Accuracy...)...)
	put(r.Cost, row.Cost...)
}
