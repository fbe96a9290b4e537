// Package atomicfile writes files, and folders of files, completely or not at
// all, and gives folders an owner.
//
// The bytes go to a temporary file in the same folder, which is flushed to the
// disk and then renamed: a reader, and a run that starts again after a power
// cut, sees the old file or the new one, never half of either. If writing
// fails, as on a full disk, the temporary file is removed, the old file stays
// as it was, and the error says which file could not be written and why.
//
//	err := atomicfile.Write("run/model.json", func(w io.Writer) error {
//		return json.NewEncoder(w).Encode(model)
//	})
//
// A process that is killed while it writes leaves its temporary file behind. It
// begins with a dot, ends in ".tmp", and never carries the final name. The next
// process that writes the same file removes it. A writer holds a lock on its
// temporary file, which the system releases when the process ends, so that
// processes that write one file at the same time leave each other's temporary
// files alone.
//
// The files in a folder must come from one process: [Own] makes it the folder's
// only owner, even among hosts that share a network file system.
//
// The protocol (write, flush, rename, flush the folder) is the one that T. S.
// Pillai et al., "All File Systems Are Not Created Equal: On the Complexity of
// Crafting Crash-Consistent Applications", OSDI 2014, section 2.2, finds
// necessary.
package atomicfile
