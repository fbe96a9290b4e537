package mil

import "fmt"

// Sizes accounts for every byte of a package's files.
type Sizes struct {
	Program  int              // model.mlmodel
	Manifest int              // Manifest.json
	Data     map[DataType]int // weight.bin: elements, by type
	Headers  int              // weight.bin: 64 for the file and for each record
	Padding  int              // weight.bin: zeros between records
	Records  int              // number of records
}

// Weights is the size of weight.bin.
func (s Sizes) Weights() int {
	total := s.Headers + s.Padding
	for _, n := range s.Data {
		total += n
	}
	return total
}

// Total is the size of the package's files.
func (s Sizes) Total() int { return s.Program + s.Manifest + s.Weights() }

// Sizes returns the sizes that [Package.Write] gives the files.
func (p *Package) Sizes() (Sizes, error) {
	program, weights := p.Model.Marshal(), p.Blobs.Bytes()
	list, err := listing(program, weights)
	if err != nil {
		return Sizes{}, fmt.Errorf("mil: sizes: %w", err)
	}
	records, err := p.Blobs.Records()
	if err != nil {
		return Sizes{}, err
	}
	s := Sizes{Program: len(program), Manifest: len(list), Data: map[DataType]int{}, Records: len(records)}
	if len(weights) > 0 {
		s.Headers = blobAlign * (1 + len(records))
	}
	for _, r := range records {
		s.Data[blobType(r.Code)] += len(r.Data)
	}
	s.Padding = len(weights) - s.Weights()
	return s, nil
}

// blobType is the data type with the given code in the weight file, 0 if none.
func blobType(code uint32) DataType {
	for _, d := range []DataType{Float16, Float32, UInt8, Int8, Int16, UInt16, Int4, UInt1, UInt2, UInt4, UInt3,
		UInt6, Int32, UInt32} {
		if d.traits().blob == code {
			return d
		}
	}
	return 0
}
