#!/usr/bin/env bash
# Links libtorch beside a built executable, where the loader looks first, so that it starts from any folder
# without environment variables. Usage: link-libtorch.sh BIN_FOLDER
set -euo pipefail

bin_folder=$1
libraries=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.libtorch/torch/lib" && pwd)

for library in "$libraries"/lib{torch,torch_cpu,c10,torch_cuda,c10_cuda}.{so,dylib} \
    "$libraries"/libgomp*.so.1 "$libraries"/lib{omp,iomp5}.dylib; do
    [[ -e $library ]] && ln -sfn "$library" "$bin_folder/"
done
exit 0
