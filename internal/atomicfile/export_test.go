package atomicfile

// For tests of what happens between two steps.
var (
	Create      = create
	StepAside   = stepAside
	OwnUnlinked = ownUnlinked
)

// Unlock lets go of an owner's lock and not of its claim, as its death does.
func Unlock(o *Owner) { o.release() }
