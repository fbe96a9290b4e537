package atomicfile

// For tests of what happens between two steps.
var (
	Create    = create
	StepAside = stepAside
)
