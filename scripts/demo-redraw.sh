#!/usr/bin/env bash
# Trains a model that redraws the middle of pictures of clothes, and makes it forget some kinds of them.
# Usage: demo-redraw.sh UNLEARN CLASSES
set -euo pipefail

readonly unlearn=$1 classes=$2
readonly data=/usr/share/datasets/fashion-mnist models=runs/fashion-models
readonly images=(--data "$data" --class-names "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot")

# Trains into a folder, unless it was done before; goes on where it was interrupted.
train() {
    local -r folder=$models/$1
    shift
    [[ -e $folder/finished ]] && return
    if [[ -e $folder/run.json ]]; then "$unlearn" resume "$folder"; else "$unlearn" train "${images[@]}" --output "$folder" "$@"; fi
}

mkdir -p "$models"
echo "1 of 4: a classifier, through whose eyes pictures are compared"
train classifier --width 16 --set epochs=2
echo "2 of 4: the model that redraws pictures"
train original --redraw inpainting --set epochs=3
name=$(printf '%s' "$classes" | tr '[:upper:], ' '[:lower:]--')
echo "3 of 4: the same without $classes, to compare with"
train "control-$name" --redraw inpainting --set epochs=3 --forget-class "$classes" --without-forgotten
echo "4 of 4: forgetting $classes"
"$unlearn" forget --model "$models/original" --forget-class "$classes" --features "$models/classifier" \
    --control "$models/control-$name" --output "runs/redraw-$name-$(date +%Y%m%d-%H%M%S)"
