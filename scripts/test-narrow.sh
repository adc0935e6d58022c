#!/usr/bin/env bash
# Runs the numerical tests once more as on a processor without AVX-512, whose kernels in libtorch and oneDNN are others.
# Does nothing where this processor is one. Usage: test-narrow.sh CONFIGURATION, after all tests were built.
set -euo pipefail

if ! grep -qw avx512f /proc/cpuinfo 2>/dev/null; then
    echo "test: this processor has no AVX-512, so the pass above was the narrow one"
    exit 0
fi
echo "test: the numerical tests once more, as on a processor without AVX-512"
export ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
swift test -c "$1" --skip-build --filter '^Unlearn(Engine|Data|Models|Methods|Evaluation)Tests\.'
