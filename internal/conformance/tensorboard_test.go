package conformance

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wamuir/graft/tensorflow/core/framework/summary_go_proto"
	"github.com/wamuir/graft/tensorflow/core/framework/types_go_proto"
	"github.com/wamuir/graft/tensorflow/core/util/event_go_proto"
	"google.golang.org/protobuf/proto"
)

// The events of a run, read with the messages that protoc makes of TensorFlow's own
// definitions: each field is one that they know, and of the type that TensorBoard takes.
func TestEventFilesHaveTensorFlowsMessages(t *testing.T) {
	program := filepath.Join(t.TempDir(), "petrify")
	build := exec.Command("go", "build", "-o", program, "./cmd/petrify")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	folder := t.TempDir()
	train := exec.Command(program, "train", "--quiet", "--out", "run", "--tensorboard", "tb", "--set", "network=mlp",
		"--set", "float.epochs=2", "--set", "qat.epochs=1")
	train.Dir = folder
	if out, err := train.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(folder, "tb", "run", "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	file, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for i, e := range events(t, file) {
		if unknown := e.ProtoReflect().GetUnknown(); len(unknown) > 0 {
			t.Errorf("event %d has fields that Event has not: %x", i, unknown)
		}
		if i == 0 && e.GetFileVersion() != "brain.Event:2" {
			t.Errorf("the first event is %v", e)
		}
		if i == 1 && e.GetSessionLog().GetStatus() != event_go_proto.SessionLog_START {
			t.Errorf("the second event is %v", e)
		}
		for _, v := range e.GetSummary().GetValue() {
			kinds[kindOf(t, v)]++
		}
	}
	for _, kind := range []string{"scalar", "histogram", "text", "images", "hparams"} {
		if kinds[kind] == 0 {
			t.Errorf("there are no values of kind %s: %v", kind, kinds)
		}
	}
	t.Log(kinds)
}

// events are the records of a file, by their definition.
func events(t *testing.T, file []byte) (all []*event_go_proto.Event) {
	t.Helper()
	table := crc32.MakeTable(crc32.Castagnoli)
	check := func(data, sum []byte) {
		t.Helper()
		c := crc32.Checksum(data, table)
		if binary.LittleEndian.Uint32(sum) != (c>>15|c<<17)+0xa282ead8 {
			t.Fatalf("a CRC of record %d is wrong", len(all))
		}
	}
	for len(file) > 0 {
		n := binary.LittleEndian.Uint64(file)
		check(file[:8], file[8:12])
		check(file[12:12+n], file[12+n:])
		e := &event_go_proto.Event{}
		if err := proto.Unmarshal(file[12:12+n], e); err != nil {
			t.Fatal(err)
		}
		all, file = append(all, e), file[16+n:]
	}
	return all
}

// kindOf says what a value is, after a look at its contents.
func kindOf(t *testing.T, v *summary_go_proto.Summary_Value) string {
	t.Helper()
	if len(v.ProtoReflect().GetUnknown()) > 0 || v.GetTag() == "" {
		t.Errorf("%v", v)
	}
	tensor, plugin := v.GetTensor(), v.GetMetadata().GetPluginData().GetPluginName()
	switch {
	case v.GetHisto() != nil:
		h, sum := v.GetHisto(), 0.0
		for _, n := range h.Bucket {
			sum += n
		}
		if sum != h.Num || len(h.Bucket) != len(h.BucketLimit) || h.BucketLimit[len(h.BucketLimit)-1] != h.Max {
			t.Errorf("%s: %v", v.GetTag(), h)
		}
		return "histogram"
	case tensor == nil:
		if _, ok := v.GetValue().(*summary_go_proto.Summary_Value_SimpleValue); !ok {
			t.Errorf("%s is %v", v.GetTag(), v)
		}
		return "scalar"
	case plugin == "text":
		if tensor.Dtype != types_go_proto.DataType_DT_STRING || len(tensor.GetTensorShape().GetDim()) != 0 ||
			len(tensor.StringVal) != 1 || !strings.Contains(string(tensor.StringVal[0]), "| --- |") {
			t.Errorf("%s: %v", v.GetTag(), tensor)
		}
	case plugin == "images":
		if n := tensor.GetTensorShape().GetDim()[0].Size; int(n) != len(tensor.StringVal) || n < 3 {
			t.Errorf("%s: %d items of %d", v.GetTag(), len(tensor.StringVal), n)
		}
		for _, m := range tensor.StringVal[2:] {
			if c, err := png.DecodeConfig(bytes.NewReader(m)); err != nil || c.Width != 8 {
				t.Errorf("%s: %v, %v", v.GetTag(), c, err)
			}
		}
	}
	return plugin
}
