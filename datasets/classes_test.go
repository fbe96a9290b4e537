package datasets

import "testing"

// A class that only the test split has cannot be learned: accuracy would say
// that the network is bad where the data are.
func TestClassOnlyInTheTestSplit(t *testing.T) {
	array := func(labels ...byte) map[string][]byte {
		n := string('0' + rune(len(labels)))
		return map[string][]byte{"x": npyFile("|u1", "("+n+", 1, 1)", labels), "y": npyFile("|u1", "("+n+",)", labels)}
	}
	idx := tinyIDX()
	idx["t10k-labels-idx1-ubyte"] = idxFile([]byte{2, 3}, 2)
	cifar := map[string][]byte{"data_batch_1.bin": cifarRecord(1, 0, 0, 0), "test_batch.bin": cifarRecord(7, 0, 0, 0)}
	npz := map[string][]byte{"train.npz": npzFile(t, array(0, 1)), "test.npz": npzFile(t, array(2))}
	table := map[string][]byte{"train.csv": []byte("a,label\n1,red\n2,blue\n"), "test.csv": []byte("a,label\n1,green\n")}
	for name, c := range map[string]struct {
		files      map[string][]byte
		path, test string
		want       string
	}{
		"idx":      {idx, "", "", "class 3"},
		"cifar-10": {cifar, "", "", "class 7"},
		"npz":      {npz, "/train.npz", "/test.npz", "class 2"},
		"table":    {table, "/train.csv", "/test.csv", "class green"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, c.files)
			var opts Options
			if c.test != "" {
				opts.Test = dir + c.test
			}
			_, err := Open(dir+c.path, opts)
			wantError(t, err, dir, c.want+" ", "testing", "not in training")
		})
	}
}
