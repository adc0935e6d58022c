#!/usr/bin/env bash
# Installs Fashion-MNIST (MIT) as the Debian package dataset-fashion-mnist, if it is missing.
set -euo pipefail

readonly images=/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz

[[ -e $images ]] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "fetch-fashion-mnist: get the four IDX files of Fashion-MNIST, and give their folder to 'unlearn' with --data." >&2
    exit 1
fi
as_root=(env)
if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || {
        echo "fetch-fashion-mnist: run 'apt-get install dataset-fashion-mnist' as root, then try again." >&2
        exit 1
    }
    as_root=(sudo env)
fi
echo "fetch-fashion-mnist: installing dataset-fashion-mnist"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dataset-fashion-mnist
