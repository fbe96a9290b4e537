#!/bin/sh
# Installs what the peers need if it is missing, builds the sides, and runs
# the table. Arguments are passed on: see `run.sh -help`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=$root/bin/bench-peers

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

# need CHECK PACKAGE...: install the Debian packages if the check fails.
need() {
	sh -c "$1" >/dev/null 2>&1 </dev/null && return
	shift
	command -v apt-get >/dev/null || { echo "bench-peers: missing: $*; there is no apt-get to install them with" >&2; exit 1; }
	[ -n "${updated:-}" ] || { $sudo apt-get update -qq; updated=yes; }
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null </dev/null ||
		{ echo "bench-peers: cannot install $*" >&2; exit 1; }
}

need 'cc --version' gcc libc6-dev
need 'echo "#include <cblas.h>" | cc -E - && ls /usr/lib/*/libopenblas.so' libopenblas-dev
need '/usr/bin/python3 -c "import torch, numpy"' python3-torch python3-numpy
need 'ls /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz' dataset-fashion-mnist

if [ -z "${ONNXRUNTIME_LIB:-}" ] && [ ! -d "$here/../conformance/node_modules" ]; then
	need 'npm --version' npm
	"$here/../conformance/install.sh"
fi

mkdir -p "$bin"
cc -O2 -Wall -o "$bin/blas_side" "$here/peers/blas_side.c" -lopenblas
cp "$here/peers/torch_side.py" "$bin/"
cd "$here"
CGO_ENABLED=1 go build -o "$bin/ortside" ./cmd/ortside
CGO_ENABLED=0 go build -o "$bin/benchpeers" .
cd "$root"
exec "$bin/benchpeers" -sides "$bin" -out "$root/runs/bench-peers" "$@"
