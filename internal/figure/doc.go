// Package figure draws line charts as small SVG files: a sans-serif font, thin
// axes, colours that colour-blind readers can tell apart, and each line's name
// at its end instead of a legend.
package figure
