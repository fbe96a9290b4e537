package datasets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// publication is a data set that its authors publish as files.
type publication struct {
	Info
	classes []string
	source  string
	files   []pinned
	folder  string   // subfolder that the files may be in
	urls    []string // folders that hold archive, or else each file with .gz
	archive string   // .tar.gz file with all of them
	read    func(s Set, name string, open opener) (*Set, error)
}

// opener passes the i-th file of a data set to f.
type opener func(i int, f func(*input) error) error

// publications lists the published sets. The checksums are those of the
// unzipped files. Fashion-MNIST's were computed from Debian's package
// dataset-fashion-mnist; MNIST's and CIFAR-10's are those recorded by others
// who verify the same files.
func publications() []publication {
	names, batches := idxNames(), cifarNames()
	return []publication{{
		Info: Info{
			Name:    "mnist",
			Summary: "70,000 handwritten digits of 28×28 pixels (60,000 to train, 10,000 to test); 10 classes.",
			Licence: "CC BY-SA 3.0",
		},
		classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
		source:  "Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998",
		files: []pinned{
			{names[0], 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
			{names[1], 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
			{names[2], 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
			{names[3], 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
		},
		read: readIDXSet,
		urls: []string{
			"https://ossci-datasets.s3.amazonaws.com/mnist/",
			"https://storage.googleapis.com/cvdf-datasets/mnist/",
		},
	}, {
		Info: Info{
			Name:    "fashion-mnist",
			Summary: "70,000 pictures of clothing of 28×28 pixels (60,000 to train, 10,000 to test); 10 classes.",
			Licence: "MIT",
		},
		classes: []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
			"Bag", "Ankle boot"},
		source: "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine " +
			"Learning Algorithms, arXiv:1708.07747, 2017",
		files: []pinned{
			{names[0], 47040016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
			{names[1], 60008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
			{names[2], 7840016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
			{names[3], 10008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
		},
		read: readIDXSet,
		urls: []string{
			"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
			"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		},
	}, {
		Info: Info{
			Name: "cifar-10",
			Summary: "60,000 colour pictures of animals and vehicles of 32×32 pixels (50,000 to train, 10,000 to " +
				"test); 10 classes.",
			Licence: "unstated by the authors",
		},
		classes: []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
		source:  "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
		files: []pinned{
			{batches[0], 30730000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
			{batches[1], 30730000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
			{batches[2], 30730000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
			{batches[3], 30730000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
			{batches[4], 30730000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
			{batches[5], 30730000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
		},
		read:    readCIFARSet,
		folder:  "cifar-10-batches-bin",
		urls:    []string{"https://www.cs.toronto.edu/~kriz/"},
		archive: "cifar-10-binary.tar.gz",
	}}
}

// open finds or downloads the files, and reads and checks them.
func (p publication) open(ctx context.Context, opts Options) (*Set, error) {
	paths, err := p.paths(ctx, opts)
	if err != nil {
		return nil, err
	}
	s, l := Set{Name: p.Name, Classes: p.classes, Source: p.source}, newLoading(ctx, opts)
	return p.read(s, p.Name, func(i int, f func(*input) error) error {
		return l.pinned(paths[i], p.files[i], f)
	})
}

// paths returns where each file is, after downloading the missing ones.
func (p publication) paths(ctx context.Context, opts Options) ([]string, error) {
	cache := opts.Cache
	if cache == "" {
		if base, err := os.UserCacheDir(); err == nil {
			cache = filepath.Join(base, "petrify")
		}
	}
	folders := searchPath(p.Name, opts.Dir, cache)
	if p.folder != "" {
		for _, dir := range folders {
			folders = append(folders, filepath.Join(dir, p.folder))
		}
	}
	paths := make([]string, len(p.files))
	for i, file := range p.files {
		path, ok := findIn(folders, file.name)
		if !ok {
			var err error
			if path, err = p.download(ctx, i, cache, opts); err != nil {
				return nil, p.missing(file.name, folders, err)
			}
		}
		paths[i] = path
	}
	return paths, nil
}

func findIn(folders []string, name string) (path string, ok bool) {
	for _, dir := range folders {
		if path, ok = findFile(dir, name); ok {
			return path, true
		}
	}
	return "", false
}

// missing returns the error that says what to do.
func (p publication) missing(file string, folders []string, err error) error {
	var names []string
	for _, f := range p.files {
		names = append(names, f.name)
	}
	return fmt.Errorf("datasets: %s: %s is in none of the folders %s, and %w; put %s, plain or with .gz, in one "+
		"of these folders",
		p.Name, file, strings.Join(folders, ", "), err, strings.Join(names, ", "))
}

// searchPath lists the folders where the files of a published set may be: dir,
// $PETRIFY_DATA, the cache, then the data folders of the XDG Base Directory
// Specification under datasets/NAME. dir and $PETRIFY_DATA may hold the files
// directly or in a folder of the set's name.
func searchPath(name, dir, cache string) []string {
	var list []string
	for _, d := range []string{dir, os.Getenv("PETRIFY_DATA")} {
		if d != "" {
			list = append(list, d, filepath.Join(d, name))
		}
	}
	if cache != "" {
		list = append(list, filepath.Join(cache, name))
	}
	shared := os.Getenv("XDG_DATA_HOME")
	if home, err := os.UserHomeDir(); shared == "" && err == nil {
		shared = filepath.Join(home, ".local", "share")
	}
	dirs := os.Getenv("XDG_DATA_DIRS")
	if dirs == "" {
		dirs = "/usr/local/share:/usr/share"
	}
	for _, d := range append([]string{shared}, filepath.SplitList(dirs)...) {
		if filepath.IsAbs(d) {
			list = append(list, filepath.Join(d, "datasets", name))
		}
	}
	return list
}
