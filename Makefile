# petrify: `make help` lists the targets. Only Go is needed for demo and test.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
ONNXRUNTIME = onnxruntime-node@1.30.0
TFLITE      = @tensorflow/tfjs-tflite@0.0.1-alpha.10 @litertjs/core@2.5.3
NUMERICAL   = ./fakequant/... ./observers ./graph ./train ./quantized/...
FUZZTIME    = 10s
FUZZBUILD   = -fuzz .
KILLS       = 50
SWEEPS      = cnn resnet8 repair-cnn repair-resnet8 repair-ds-cnn
NETWORKS    = 200
FASHION     = /usr/share/datasets/fashion-mnist
PATHS       = generic avx2 avx512
ARMCPUS     = cortex-a53 cortex-a76 neoverse-n1
ARMTESTS    = Choose|Tile|IntegerLinear|Requant|FusedPools
FUSED       = /(datasets/sound|fakequant|graph|observers|train|internal/kernel|internal/portable|internal/randnet|quantized/integer)/[^ ]*[.]go:.*\sFN?M(ADD|SUB)[SD]\s
ARMALL      = Agrees?|SignOfZero|FMA|AddBytes|BatchNorm|Choose|Conv|FakeQuantIs|Linear|MinMax|Pool|Quantize|ReLU|Requant|Stats|Sum|Tile|Transpose|Twins
VERSION     = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PLATFORMS   = linux/amd64 linux/arm64 linux/386 linux/arm linux/riscv64 linux/loong64 \
              darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

export CGO_ENABLED = 0

.PHONY: help build demo test cluster paths arm wasm drill race noasm fuzz mutation lint bench bench-peers accuracy accuracy-torch accuracy-page accuracy-quick torch conformance mcu generate generate-check platforms release release-check vulncheck

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

build: ## build the command as bin/petrify
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/petrify ./cmd/petrify

demo: build ## run the whole job on the embedded digits: train, quantize, fine-tune, freeze, export
	bin/petrify train

test: ## run the tests
	go test ./...

drill: ## kill training, exports and runs in one folder KILLS times each; their end must be that of undisturbed ones
	go test ./train ./cmd/petrify -count 1 -run Killed -kills $(KILLS) -timeout 30m

cluster: ## run a sweep on a Slurm of two nodes on this machine, and do it all kinds of harm (needs root, slurmctld, slurmd, slurm-client, munge)
	go test ./cmd/petrify -tags slurm -count 1 -run SweepOnSlurm -timeout 30m

paths: ## run the numerical tests on each of PATHS, ways of the kernels that the processor has
	for path in $(PATHS); do \
		echo "PETRIFY_KERNEL=$$path"; \
		PETRIFY_KERNEL=$$path go test -count 1 -timeout 30m $(NUMERICAL) || exit 1; \
	done

arm: ## under QEMU, run the kernels' tests for arm64, ARMTESTS on each of ARMCPUS and ARMALL with all instructions; train there, verify the run here; hold encodings against an assembler's (needs qemu-user, gcc-aarch64-linux-gnu)
	cd internal/kernel/_asm && go test ./arm64 ./intconv
	@set -e; export GOMAXPROCS=1; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	GOARCH=arm64 go test -c -o "$$folder/kernel" ./internal/kernel; \
	GOARCH=arm64 go build -o "$$folder/petrify" ./cmd/petrify; \
	go build -o "$$folder/here" ./cmd/petrify; \
	GOARCH=arm64 go test -c -o "$$folder/sound" ./datasets/sound; \
	qemu-aarch64 -cpu max "$$folder/sound" -test.short; \
	for cpu in $(ARMCPUS); do \
		echo "kernels on $$cpu"; \
		qemu-aarch64 -cpu $$cpu "$$folder/kernel" -test.short -test.run '$(ARMTESTS)'; \
	done; \
	echo "kernels with all instructions"; \
	qemu-aarch64 -cpu max "$$folder/kernel" -test.short -test.run '$(ARMALL)'; \
	echo "runs with all instructions"; \
	GOARCH=arm64 go test -c -gcflags='petrify/...=-S' -o "$$folder/train" ./train 2>"$$folder/listing"; \
	if grep -E '$(FUSED)' "$$folder/listing" | grep -v _test.go; then echo "the compiler has fused these"; exit 1; fi; \
	(cd train && qemu-aarch64 -cpu max "$$folder/train" -test.short -test.run 'OneResult(|OfRandomNetworks)$$'); \
	qemu-aarch64 -cpu max "$$folder/petrify" train --quiet --out "$$folder/run" --set float.epochs=1 --set qat.epochs=1; \
	"$$folder/here" verify "$$folder/run"

wasm: ## under Node.js, train in WebAssembly: the runs must have the bytes of all processors
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	GOOS=js GOARCH=wasm go test -c -o "$$folder/train" ./train; \
	cd train && env -i PATH="$$PATH" node --stack-size=8192 "$$(go env GOROOT)/lib/wasm/wasm_exec_node.js" "$$folder/train" \
		-test.short -test.run OneResult

race: ## run the tests under the race detector, enumerations as samples (needs a C compiler)
	CGO_ENABLED=1 go test -race -short -timeout 30m ./...

noasm: ## run tests without assembly, enumerations as samples: all but the command's and NUMERICAL ones, which platforms runs so with 32 bits, and paths whole
	go test -tags noasm -short -timeout 30m $$({ go list ./... | grep -v -e '^petrify/cmd/' -e '^petrify/examples/'; \
		go list $(NUMERICAL) $(NUMERICAL); } | sort | uniq -u)

fuzz: ## fuzz every target for FUZZTIME
	@bin=$$(mktemp -d) && trap 'rm -rf $$bin' EXIT && \
	for dir in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n 1 dirname | sort -u); do \
		go test -c $(FUZZBUILD) -o $$bin/fuzz ./$$dir || exit 1; \
		for target in $$(cat $$dir/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p'); do \
			echo "$$dir $$target"; \
			(cd $$dir && $$bin/fuzz -test.run '^$$' -test.fuzz "^$$target$$" -test.fuzztime $(FUZZTIME) -test.fuzzminimizetime 10x \
				-test.fuzzcachedir $$(go env GOCACHE)/fuzz/petrify/$$dir </dev/null) || exit 1; \
		done || exit 1; \
	done

mutation: ## break one place of the program after another: the tests must notice each (MUTANTS='-match onnx' or '-some 3')
	go run ./internal/mutation $(MUTANTS)

lint: ## check format, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet ./...
	go vet -tags slurm ./cmd/petrify
	go run $(STATICCHECK) ./...

platforms: ## vet every package for each of PLATFORMS, build for js/wasm, run the numerical tests, enumerations as samples, with ints of 32 bits
	go build -o bin/vet ./internal/vet
	@for platform in $(PLATFORMS) freebsd/amd64; do \
		echo "vet for $$platform"; GOOS=$${platform%/*} GOARCH=$${platform#*/} bin/vet ./... || exit 1; \
	done
	GOOS=js GOARCH=wasm go build -o /dev/null ./cmd/petrify
	GOARCH=386 go test -short -timeout 30m ./internal/kernel/... ./datasets/sound $(NUMERICAL)

release: ## write archives with licences, bills of materials and checksums for each of PLATFORMS into dist
	go run ./internal/release -out dist $(PLATFORMS)

release-check: ## make the release of PLATFORMS in two other folders, one with a cache of its own: all bytes must be the same
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	for clone in "$$folder/one" "$$folder/another/place"; do \
		git clone -q . "$$clone"; \
		(cd "$$clone" && go run ./internal/release -out dist $(PLATFORMS)); \
		export GOCACHE="$$folder/cache"; \
	done; \
	diff -r "$$folder/one/dist" "$$folder/another/place/dist"; \
	cd "$$folder/one/dist" && sha256sum -c SHA256SUMS

vulncheck: ## look for known vulnerabilities in what is linked; VULNDB names a database other than Go's
	go run $(GOVULNCHECK) $(if $(VULNDB),-db $(VULNDB)) ./...

bench: ## run the micro-benchmarks
	go test -run '^$$' -bench . ./...

bench-peers: ## measure against PyTorch, OpenBLAS, ONNX Runtime and stock Gorgonia; write docs/performance.md
	internal/benchpeers/run.sh -doc docs/performance.md

accuracy: build ## run what is missing of the sweeps in sweeps/, for hours (Ctrl-C, and again, continues), and write docs/accuracy.md
	@set -e; for network in $(SWEEPS); do \
		bin/petrify sweep plan sweeps/$$network.yaml --known sweeps/$$network.jsonl --out runs/accuracy/$$network; \
		bin/petrify sweep run runs/accuracy/$$network; \
	done
	$(MAKE) accuracy-torch accuracy-page

accuracy-torch: ## run what is missing of PyTorch's part of docs/accuracy.md, from the float networks of `make accuracy`, if PyTorch is there (needs python3-torch 1.13, python3-numpy, python3-yaml)
	@set -e; if /usr/bin/python3 -c 'import numpy, torch, yaml'; then \
		for network in $(filter-out repair-%,$(SWEEPS)); do /usr/bin/python3 -B examples/accuracy/torch_column.py \
			sweeps/$$network.yaml runs/accuracy/$$network $(FASHION) sweeps/torch-$$network.jsonl; done; \
	else echo "PyTorch's part of docs/accuracy.md stays as it is: it needs PyTorch 1.13, NumPy and PyYAML" >&2; fi

accuracy-page: build ## write docs/accuracy.md from what has run of sweeps/
	@set -e; for network in $(SWEEPS); do \
		folder=runs/accuracy/$$network; \
		[ ! -e $$folder/sweep.yaml ] || { bin/petrify sweep results $$folder --trials >$$folder/trials.jsonl; \
			cp $$folder/trials.jsonl sweeps/$$network.jsonl; }; \
	done
	go run ./examples/accuracy

accuracy-quick: ## train and quantize five networks on Fashion-MNIST and compare with the reference, in half an hour (QUICK="-only 'W2A2 QAT'" for a part, QUICK=-update to write it)
	go run ./examples/accuracy -quick $(QUICK)

torch: ## train NETWORKS random networks alongside PyTorch 1.13 in float64 and compare every step (needs python3-torch 1.13 and python3-numpy)
	go run ./internal/peertrain -networks $(NETWORKS)

conformance: internal/conformance/node_modules/@litertjs ## hold exported models against ONNX Runtime and TensorFlow Lite, exported C against the engine (needs npm, Node.js, a C compiler, Python with torch, onnx and numpy, ONNX's test data)
	cd internal/conformance && CGO_ENABLED=1 go test -count 1 -timeout 30m ./...

internal/conformance/node_modules/@litertjs:
	internal/conformance/install.sh $(ONNXRUNTIME) $(TFLITE)

mcu: ## run exported C on emulated microcontrollers: a sample, or all with MCU=-full (needs gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm, gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf, qemu-system-misc)
	go run ./internal/mcu $(MCU)

generate: ## write every generated file again
	go generate ./...

generate-check: generate ## fail if generated files differ from their sources
	git diff --exit-code
