package onnxeval

// operators is the table of what can be computed, by name; those of other
// domains than the standard's have the domain before the name.
var operators map[string]operator

// It is filled in by init, because functions of it read it.
func init() {
	operators = map[string]operator{
		// tensors of constants, and their shapes
		"Constant":        {run: constant},
		"ConstantOfShape": {constantOfShape, 1, false},
		"Identity":        {run: identity, inputs: 1},
		"Dropout":         {run: dropout, inputs: 1},
		"Cast":            {run: cast, inputs: 1},
		"CastLike":        {run: castLike, inputs: 2},
		"Shape":           {run: shape, inputs: 1},
		"Size":            {run: size, inputs: 1},
		"Range":           {run: rangeOf, inputs: 3},

		// elements in another order
		"Reshape":   {run: reshape, inputs: 1},
		"Flatten":   {run: flatten, inputs: 1},
		"Squeeze":   {run: squeeze, inputs: 1},
		"Unsqueeze": {run: unsqueeze, inputs: 1},
		"Transpose": {run: transpose, inputs: 1},
		"Concat":    {run: concat, inputs: 1},
		"Split":     {run: split, inputs: 1},
		"Slice":     {run: slice, inputs: 1},
		"Gather":    {run: gather, inputs: 2},
		"Expand":    {run: expand, inputs: 2},
		"Tile":      {run: tile, inputs: 2},
		"Pad":       {run: pad, inputs: 1},
		"Resize":    {run: resize, inputs: 1},
		"Upsample":  {run: resize, inputs: 1},

		// two elements to one
		"Add": {run: arithmetic, inputs: 2}, "Sub": {run: arithmetic, inputs: 2}, "Mul": {run: arithmetic, inputs: 2},
		"Div": {run: arithmetic, inputs: 2}, "Pow": {run: arithmetic, inputs: 2}, "PRelu": {run: prelu, inputs: 2},
		"Sum": {run: variadic, inputs: 1}, "Mean": {run: variadic, inputs: 1},
		"Max": {run: variadic, inputs: 1}, "Min": {run: variadic, inputs: 1},
		"Equal": {run: compare, inputs: 2}, "Less": {run: compare, inputs: 2}, "Greater": {run: compare, inputs: 2},
		"LessOrEqual": {run: compare, inputs: 2}, "GreaterOrEqual": {run: compare, inputs: 2},
		"And": {run: compare, inputs: 2}, "Or": {run: compare, inputs: 2}, "Not": {run: not, inputs: 1},
		"Where": {run: where, inputs: 3},

		// sums
		"Conv":               {conv, 2, true},
		"ConvTranspose":      {convTranspose, 2, true},
		"Gemm":               {gemm, 2, false},
		"MatMul":             {matMul, 2, false},
		"BatchNormalization": {batchNormalization, 5, true},
		"LayerNormalization": {layerNormalization, 2, true},
		"MaxPool":            {maxPool, 1, false},
		"AveragePool":        {averagePool, 1, true},
		"GlobalAveragePool":  {globalPool, 1, true},
		"GlobalMaxPool":      {globalPool, 1, true},
		"Softmax":            {softmax, 1, true},
		"LogSoftmax":         {softmax, 1, true},
		"ai.onnx.ml.Scaler":  {run: scaler, inputs: 1},
		"ArgMax":             {run: argMax, inputs: 1},
		"ArgMin":             {run: argMax, inputs: 1},
		"ReduceMean":         {run: reduce, inputs: 1},
		"ReduceSum":          {run: reduce, inputs: 1},
		"ReduceMax":          {run: reduce, inputs: 1},
		"ReduceMin":          {run: reduce, inputs: 1},
		"ReduceProd":         {run: reduce, inputs: 1},
		"Clip":               {run: clipped, inputs: 1},
	}
	for op, f := range functions {
		operators[op] = operator{run: f.elements, inputs: 1}
	}
}
