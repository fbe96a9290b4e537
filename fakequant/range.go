package fakequant

import "petrify/observers"

// Within returns the configuration for a tensor whose range is known
// beforehand, such as a sigmoid's output: no observer moves it.
func (c Config) Within(min, max float32) Config {
	if !c.Format.IsFloat() {
		c.Observer = observers.Config{Kind: observers.Fixed, Min: min, Max: max}
	}
	return c
}
