package kernel

// minMaxGeneric is the loop that every path of [MinMax] computes.
func minMaxGeneric(x []float32) span {
	s := emptySpan
	for _, r := range x {
		if r-r != 0 { // NaN, +Inf or −Inf: the difference is NaN
			s.nonFinite++
			continue
		}
		s.lo = min(s.lo, r)
		s.hi = max(s.hi, r)
	}
	return s
}
