package datasets

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"

	"petrify/internal/atomicfile"
)

// download fetches file i, together with all others if they come in one
// archive, from the first of the publication's addresses that has it, and
// returns its path in the cache.
func (p publication) download(ctx context.Context, i int, cache string, opts Options) (string, error) {
	if opts.Offline {
		return "", errors.New("downloading is off")
	}
	if cache == "" {
		return "", errors.New("there is no cache folder to download to")
	}
	dir := filepath.Join(cache, p.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, p.files[i].name)
	if p.archive == "" {
		path += ".gz"
	}
	var faults []error
	for _, base := range p.urls {
		var err error
		if p.archive == "" {
			err = fetch(ctx, base+p.files[i].name+".gz", path, p.files[i], opts.Progress)
		} else {
			err = fetchArchive(ctx, base+p.archive, dir, p.files, opts.Progress)
		}
		if err == nil {
			return path, nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return "", fmt.Errorf("the download failed: %w", errors.Join(faults...))
}

// fetch downloads url to path.
func fetch(ctx context.Context, url, path string, want pinned, progress Progress) error {
	body, err := get(ctx, url, patience, progress)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := save(path, body, want); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

// fetchArchive downloads a .tar.gz archive and keeps the files wanted.
func fetchArchive(ctx context.Context, url, dir string, files []pinned, progress Progress) error {
	body, err := get(ctx, url, patience, progress)
	if err != nil {
		return err
	}
	defer body.Close()
	var limit int64 = 1 << 20
	for _, f := range files {
		limit += f.size + 1024
	}
	zr, err := gzip.NewReader(body)
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	tr := tar.NewReader(io.LimitReader(zr, limit))
	for found := 0; found < len(files); {
		member, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %d of %d files found", url, found, len(files))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		for _, f := range files {
			if filepath.Base(member.Name) != f.name {
				continue
			}
			if err := save(filepath.Join(dir, f.name), tr, f); err != nil {
				return fmt.Errorf("%s: %w", url, err)
			}
			found++
		}
	}
	return nil
}

// save writes what r holds, plain or gzipped, to path. The file appears under
// its name only once it is complete and its content is what was published.
func save(path string, r io.Reader, want pinned) error {
	limit := want.size + want.size/8 + 1024 // gzip adds a small share at worst
	return atomicfile.WriteChecked(path, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(r, limit+1))
		if err == nil && n > limit {
			err = fmt.Errorf("more than the %d bytes expected of %s", limit, want.name)
		}
		return err
	}, func(temp string) error {
		return newLoading(context.Background(), Options{}).pinned(temp, want, func(in *input) error {
			if _, err := in.bytes(want.size); err != nil {
				return err
			}
			return in.end()
		})
	})
}

// patience is how long a server may be silent.
const patience = 30 * time.Second

// get requests url. It gives up if nothing arrives for as long as patience.
func get(ctx context.Context, url string, patience time.Duration, progress Progress) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(patience, func() {
		cancel(fmt.Errorf("%s: nothing came for %v", url, patience))
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		err = errors.Join(err, context.Cause(ctx))
		cancel(nil)
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, cause: func() error { return context.Cause(ctx) }, cancel: cancel,
		timer: timer, patience: patience,
		file: path.Base(url), total: resp.ContentLength, progress: progress}
	if resp.StatusCode != http.StatusOK {
		b.Close()
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return b, nil
}

// body is a response that reports how much of it was read.
type body struct {
	io.ReadCloser
	cause       func() error // why the request was stopped, if it was
	cancel      context.CancelCauseFunc
	timer       *time.Timer
	patience    time.Duration
	file        string
	done, total int64
	progress    Progress
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.timer.Reset(b.patience)
	}
	if err != nil && err != io.EOF && b.cause() != nil {
		err = b.cause()
	}
	b.done += int64(n)
	if b.progress != nil {
		b.progress(b.file, b.done, b.total)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel(nil)
	b.timer.Stop()
	return b.ReadCloser.Close()
}
