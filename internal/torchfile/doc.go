// Package torchfile reads the state_dict in a file that PyTorch's torch.save
// wrote: the zip file of today, and the sequence of pickles of PyTorch before
// 1.6.
//
// A pickle is a program for a stack machine that may name any function of
// Python. The machine here knows dictionaries, lists, tuples, strings, numbers
// and PyTorch's tensors; of every other function and class it keeps the name. It
// calls nothing, and it bounds what a file can make it hold.
//
// The instructions are those of Python's pickletools; the layout of the files
// that of torch/serialization.py.
package torchfile
