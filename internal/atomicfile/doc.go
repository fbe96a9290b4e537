// Package atomicfile writes files, and folders of files, that are either there
// in full or not there at all, and gives folders one owner.
//
// The bytes go to a temporary file in the same folder, which is flushed to the
// disk and then renamed: a reader, and a run that starts again after a power
// cut, sees the old file or the new one, never half of either. When writing
// fails, as on a full disk, the temporary file is removed, the old file stays
// what it was, and the error says which file could not be written and why.
//
//	err := atomicfile.Write("run/model.json", func(w io.Writer) error {
//		return json.NewEncoder(w).Encode(model)
//	})
//
// A process that is killed while it writes leaves its temporary file behind.
// It begins with a dot, ends in ".tmp", and never carries the final name. The
// next process that writes the same file removes it. Who writes holds a lock on
// the temporary file, which the system releases when the process ends, so that
// two that write one file at the same time leave each other's alone.
//
// What several files in a folder say must be one process's: [Own] makes it the
// folder's only owner, also among the hosts that share a network file system.
//
// The protocol (write, flush, rename, flush the folder) is the one that
// T. S. Pillai et al., "All File Systems Are Not Created Equal: On the
// Complexity of Crafting Crash-Consistent Applications", OSDI 2014, section
// 2.2, finds to be needed.
package atomicfile
