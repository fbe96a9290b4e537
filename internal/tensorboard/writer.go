package tensorboard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The names of files: TensorBoard wants prefix, and reads them in their order; suffix
// tells which are petrify's.
const (
	prefix = "events.out.tfevents."
	suffix = ".petrify"
)

// Writer writes an event file.
type Writer struct {
	file *os.File
	buf  *bufio.Writer
	now  func() time.Time
}

// Begin begins a new event file in a folder, in which TensorBoard shows the steps before
// the given one of earlier files.
func Begin(folder string, step int64) (*Writer, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	earlier, err := files(folder)
	if err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	second := time.Now().Unix()
	for _, name := range earlier { // a name that sorts after all others
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), prefix), ".")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			second = max(second, n+1)
		}
	}
	f, err := os.OpenFile(filepath.Join(folder, fmt.Sprintf("%s%010d%s", prefix, second, suffix)),
		os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	w := &Writer{file: f, buf: bufio.NewWriter(f), now: time.Now}
	version := protowire.AppendTag(nil, 3, protowire.BytesType)
	version = protowire.AppendString(version, "brain.Event:2")
	var start message
	start.int(1, 1) // SessionLog.status: START
	var session message
	session.message(7, start)
	return w, errors.Join(w.event(0, version), w.event(step, session), w.Flush())
}

// Remove removes petrify's event files from a folder.
func Remove(folder string) error {
	old, err := files(folder)
	for _, name := range old {
		if strings.HasSuffix(name, suffix) {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

// Begun reports whether a folder has event files.
func Begun(folder string) bool {
	earlier, _ := files(folder) // none in a folder that cannot be read
	return len(earlier) > 0
}

// files lists the event files of a folder, which need not exist.
func files(folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			names = append(names, filepath.Join(folder, e.Name()))
		}
	}
	return names, err
}

// Write writes the values of a step.
func (w *Writer) Write(step int64, values ...Value) error {
	var summary message
	for _, v := range values {
		summary.message(1, v.content)
	}
	var event message
	event.message(5, summary)
	return w.event(step, event)
}

// event writes the record of an event: its time, its step and what it says.
func (w *Writer) event(step int64, what message) error {
	var e message
	e.double(1, float64(w.now().UnixMicro())/1e6)
	e.int(2, step)
	e = append(e, what...)
	record := binary.LittleEndian.AppendUint64(nil, uint64(len(e)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = append(record, e...)
	record = binary.LittleEndian.AppendUint32(record, masked(e))
	_, err := w.buf.Write(record)
	return err
}

// Flush makes what was written visible to TensorBoard.
func (w *Writer) Flush() error { return w.buf.Flush() }

// Close ends the file.
func (w *Writer) Close() error { return errors.Join(w.buf.Flush(), w.file.Close()) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is the CRC of a record's part, which is masked because data may hold CRCs.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// message is an encoded protocol buffer message.
type message []byte

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) double(field protowire.Number, v float64) {
	*m = protowire.AppendFixed64(protowire.AppendTag(*m, field, protowire.Fixed64Type), math.Float64bits(v))
}

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) message(field protowire.Number, sub message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), sub)
}

// doubles appends a packed list.
func (m *message) doubles(field protowire.Number, list []float64) {
	var packed message
	for _, v := range list {
		packed = protowire.AppendFixed64(packed, math.Float64bits(v))
	}
	m.message(field, packed)
}
