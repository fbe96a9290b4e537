// Package search chooses bits: of all ways to give items of a network a choice each, it
// finds those than which no other costs as little in every respect.
//
// Losses and costs are sums over the items, and over products of two choices where an
// operation multiplies two tensors. The items are taken one after the other, and what has
// no chance any more is dropped at once. That is dynamic programming over partial
// choices; where products couple items, it keeps apart the partial choices that differ in
// an item of which a product is still open.
package search
