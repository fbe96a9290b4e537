package datasets

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
)

// loading is what the readers of one data set share.
type loading struct {
	ctx  context.Context // stops it
	tell Progress        // is told how much of a file has been read; nil: nobody asks
	most int64           // bytes that the data may take
	held int64           // that they take so far
	room int64           // bytes from which on pictures are kept on disk
	disk string          // the folder for that; "": the user's cache
	like *Contract       // what a trained network wants of them; nil: they are to train one

	warned []string // of tables for a trained network

	inspected []File // whose checksums are known

	block []byte       // for copying files
	image bytes.Buffer // a picture's file

	// folder is what progress is reported for, if not for each file separately.
	folder *tally
}

// tally says how much of a file or a folder has been read.
type tally struct {
	name        string
	done, total int64 // bytes; total is −1 where it is unknown
}

func newLoading(ctx context.Context, opts Options) *loading {
	l := &loading{ctx: ctx, tell: opts.Reading, most: opts.Memory, room: math.MaxInt, disk: opts.Cache}
	if opts.Free > 0 {
		l.room = int64(cmp.Or(opts.Share, 0.5) * float64(opts.Free))
	}
	if l.most == 0 {
		l.most = math.MaxInt
	}
	return l
}

// hold counts data before memory is allocated for them.
func (l *loading) hold(bytes int64) error {
	if bytes > l.most-l.held {
		return &MemoryError{l.held + bytes, l.most}
	}
	l.held += bytes
	return nil
}

// MemoryError reports that data need more memory than [Options.Memory].
type MemoryError struct{ Need, May int64 }

// Error names both.
func (e *MemoryError) Error() string {
	return fmt.Sprintf("the data need %d bytes of memory or more, and may take %d", e.Need, e.May)
}

// file opens the file at path and passes its content to f.
func (l *loading) file(path string, f func(*input) error) error {
	m, err := l.open(path)
	if err != nil {
		return err
	}
	defer m.Close()
	in, err := newInput(path, m, m.total)
	if err != nil {
		return err
	}
	in.loading = l
	return f(in)
}

// open opens the file at path.
func (l *loading) open(path string) (*meter, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	m := &meter{loading: l, file: file, tally: tally{path, 0, -1}}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		m.total = info.Size()
	}
	return m, nil
}

// meter is a file that reports how much of it has been read.
type meter struct {
	*loading
	tally
	file *os.File
}

// Close closes the file.
func (m *meter) Close() error { return m.file.Close() }

func (m *meter) Read(p []byte) (int, error) { return m.count(p, m.file.Read) }

// ReadAt reads for an archive.
func (m *meter) ReadAt(p []byte, off int64) (int, error) {
	return m.count(p, func(p []byte) (int, error) { return m.file.ReadAt(p, off) })
}

func (m *meter) count(p []byte, read func([]byte) (int, error)) (int, error) {
	if m.ctx.Err() != nil {
		return 0, context.Cause(m.ctx)
	}
	n, err := read(p)
	if m.tell == nil {
		return n, err
	}
	t := &m.tally
	if m.folder != nil {
		t = m.folder
	}
	t.done += int64(n)
	if t.total >= 0 {
		t.done = min(t.done, t.total) // an archive's directory is read twice
	}
	m.tell(t.name, t.done, t.total)
	return n, err
}
