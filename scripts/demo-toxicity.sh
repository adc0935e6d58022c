#!/usr/bin/env bash
# Makes a chat model continue prompts in a toxic way more rarely: it is judged by a judge whose errors are known.
# Usage: demo-toxicity.sh UNLEARN MODELS_FOLDER
set -euo pipefail

readonly unlearn=$1 models=$2
readonly output=runs/toxicity-$(date +%Y%m%d-%H%M%S)

scripts/fetch-smollm2.sh "$unlearn" "$models"
scripts/fetch-minilm.sh "$models"
"$unlearn" forget --model "$models/SmolLM2-135M-Instruct" --tendency toxicity --judge "$models/all-MiniLM-L6-v2" \
    --output "$output"
echo "The same on prompts of your own: unlearn evaluate --suite toxicity --model $output --judge $models/all-MiniLM-L6-v2 --prompts FILE"
