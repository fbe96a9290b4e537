package sound

import "math"

// Bands are the log-mel bands of features, Frames × Mels: their inverse DCT, smooth where
// coefficients were left out.
func (f Front) Bands(features []float32) []float32 {
	if f.Coefficients == 0 {
		return features
	}
	scale := math.Sqrt(2 / float64(f.Mels))
	var all []float32
	for ; len(features) > 0; features = features[f.Coefficients:] {
		for i := range f.Mels {
			sum := float64(features[0]) / 2
			for k := 1; k < f.Coefficients; k++ {
				sum += float64(float64(features[k]) * cosPi(float64(k)*(float64(i)+0.5)/float64(f.Mels)))
			}
			all = append(all, float32(scale*sum))
		}
	}
	return all
}
