# Everything that a developer or CI does with this package; `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# SwiftPM finds libtorch through the pkg-config file that `make setup` writes.
export PKG_CONFIG_PATH := $(CURDIR)/.libtorch$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

MODELS := .models
SUBJECT ?= Harry Potter
CLASS ?= T-shirt
CLASSES ?= Sandal,Sneaker,Bag,Boot
# Each takes less than a tenth of the time of retraining.
DEMO_METHODS := --method random-labels --set random-labels.epochs=0.3 --set random-labels.learningRate=0.01 \
    --method boundary-shrink --set boundary-shrink.epochs=0.3 \
    --method fine-tune --set fine-tune.epochs=0.4 --set fine-tune.learningRate=0.03 \
    --method neggrad-plus --set neggrad-plus.epochs=0.2 --set neggrad-plus.learningRate=0.01
TEST_CONFIGURATION ?= debug
# Debug information takes a quarter of the build's time; a profile needs it: make build BUILD_FLAGS=
BUILD_FLAGS ?= -debug-info-format none
PYTHON := .venv/bin/python

.PHONY: help setup build test demo demo-plan demo-images demo-images-plan demo-redraw demo-redraw-plan demo-toxicity demo-toxicity-plan lint golden clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: system packages, and libtorch into .libtorch
	@scripts/setup.sh

build: setup ## Build the release binary and link libtorch beside it
	@swift build -c release --product unlearn $(BUILD_FLAGS)
	@bin=$$(swift build -c release --show-bin-path); scripts/link-libtorch.sh "$$bin"; echo "built $$bin/unlearn"

# The tests run side by side: more than one thread for each only makes them wait for each other.
test: export OMP_NUM_THREADS = 1
test: setup ## Build and run all tests, the numerical ones on both kinds of processor
	@swift build -c $(TEST_CONFIGURATION) --build-tests
	@scripts/link-libtorch.sh "$$(swift build -c $(TEST_CONFIGURATION) --show-bin-path)"
	@swift test -c $(TEST_CONFIGURATION) --skip-build
	@scripts/test-narrow.sh $(TEST_CONFIGURATION)

demo-plan:
	@scripts/plan-demo.sh "make SmolLM2-135M-Instruct forget $(SUBJECT), and question it before and after" "2 to 6 minutes" \
	    $(MODELS)/SmolLM2-135M-Instruct/config.json "fetch the model: 98 MB to download, 640 MB on disk"

demo: demo-plan build ## Make a real chat model forget a subject: make demo [SUBJECT="Harry Potter"]
	@mkdir -p $(MODELS) runs
	@unlearn=$$(swift build -c release --show-bin-path)/unlearn; \
	scripts/fetch-smollm2.sh "$$unlearn" $(MODELS); \
	name=$$(printf '%s' "$(SUBJECT)" | tr '[:upper:] ' '[:lower:]-'); \
	"$$unlearn" forget --model $(MODELS)/SmolLM2-135M-Instruct --subject "$(SUBJECT)" \
	    --output "runs/$$name-$$(date +%Y%m%d-%H%M%S)"

demo-images-plan:
	@scripts/plan-demo.sh "train 5 classifiers on Fashion-MNIST, and let 4 methods forget $(CLASS)" "2 to 8 minutes" \
	    /usr/share/datasets/fashion-mnist "install Fashion-MNIST: 31 MB to download"

demo-images: demo-images-plan build ## Make a classifier forget a class of Fashion-MNIST: make demo-images [CLASS=T-shirt]
	@mkdir -p runs
	@scripts/fetch-fashion-mnist.sh
	@name=$$(printf '%s' "$(CLASS)" | tr '[:upper:] ' '[:lower:]-'); \
	"$$(swift build -c release --show-bin-path)/unlearn" benchmark neurips2023 \
	    --data /usr/share/datasets/fashion-mnist --width 16 --forget-class "$(CLASS)" --models 3 \
	    --class-names "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot" \
	    --set training.epochs=5 $(DEMO_METHODS) --output "runs/fashion-mnist-$$name"; \
	echo "Report: runs/fashion-mnist-$$name/report.html"

demo-redraw-plan:
	@scripts/plan-demo.sh "train a model that redraws the middle of pictures of clothes, and let it forget $(CLASSES)" \
	    "6 to 15 minutes" /usr/share/datasets/fashion-mnist "install Fashion-MNIST: 31 MB to download"

demo-redraw: demo-redraw-plan build ## Make a model that redraws pictures forget some: make demo-redraw [CLASSES=Sandal,Bag]
	@scripts/fetch-fashion-mnist.sh
	@scripts/demo-redraw.sh "$$(swift build -c release --show-bin-path)/unlearn" "$(CLASSES)"

demo-toxicity-plan:
	@scripts/plan-demo.sh "make SmolLM2-135M-Instruct write toxic text more rarely, and judge it before and after" \
	    "10 to 20 minutes" $(MODELS)/all-MiniLM-L6-v2/config.json \
	    "fetch the model and its judge: 180 MB to download, 730 MB on disk"

demo-toxicity: demo-toxicity-plan build ## Make a real chat model write toxic text more rarely
	@mkdir -p $(MODELS) runs
	@scripts/demo-toxicity.sh "$$(swift build -c release --show-bin-path)/unlearn" $(MODELS)

lint: ## Check the format of all Swift files; nothing is changed
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

golden: $(PYTHON) ## Write the golden files of the tests anew from PyTorch and transformers
	@Tools/reference/write_golden.sh $(PYTHON)

$(PYTHON): Tools/reference/requirements.txt | setup
	@echo "golden: installing the packages of $< into .venv"
	@python3 -m venv .venv
	@PYTHONPATH=.libtorch $(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/vision torchvision==0.28.0
	@touch $@

clean: ## Remove what was built; .libtorch and .models stay
	@rm -rf .build .venv
