#!/usr/bin/env bash
# Says what a demonstration will do and about how long that takes, before it starts. Times are for two cores.
# Usage: plan-demo.sh WHAT TIME NEEDED_FILE NEEDED_TEXT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly what=$1 duration=$2 needed=$3 fetch=$4

echo "This will:"
[[ -e .libtorch/unlearn-torch.pc ]] || echo "  - install libtorch into .libtorch: 190 MB to download, 750 MB on disk, once"
[[ -x .build/release/unlearn ]] || echo "  - build the program: 2 to 6 minutes, once"
[[ -e $needed ]] || echo "  - $fetch, once"
echo "  - $what: $duration"
echo "Everything stays in this folder but system packages and a small cache. Ctrl-C ends it at any time."
