package atomicfile

// For tests of what happens between two steps.
var (
	Create      = create
	StepAside   = stepAside
	OwnUnlinked = ownUnlinked
)

// Unlock releases an owner's lock but not its claim, as its death does.
func Unlock(o *Owner) { o.release() }
