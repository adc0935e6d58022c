#!/usr/bin/env bash
# Installs what the build needs and the machine lacks: system packages, and libtorch into .libtorch.
# Safe to repeat: what is already there is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly torch_version=2.13.0
readonly torch_folder=.libtorch
readonly torch_flags="$torch_folder/unlearn-torch.pc"

say() { printf 'setup: %s\n' "$*"; }

stop() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# Prints the missing system packages on one line, by the names that this system's package manager uses:
# pip, the compiler, then pairs of a library as pkg-config calls it and of its package.
missing_packages() {
    local pip=$1 compiler=$2
    local missing=()
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    shift 2
    while [[ $# -gt 0 ]]; do
        pkg-config --exists "$1" 2>/dev/null || missing+=("$2")
        shift 2
    done
    python3 -m pip --version >/dev/null 2>&1 || missing+=("$pip")
    [[ -z $compiler ]] || command -v g++ >/dev/null || missing+=("$compiler")
    printf '%s' "${missing[*]-}"
}

# Package lists are fetched only when a package is missing.
install_with_apt() {
    local as_root=(env)
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null || stop "Installing $* needs root: run 'apt-get install $*' as root, then try again."
        as_root=(sudo env)
    fi
    say "installing system packages: $*"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

install_system_packages() {
    local missing
    if [[ $(uname -s) == Darwin ]]; then
        missing=$(missing_packages python "" libpcre2-8 pcre2 libjpeg jpeg-turbo spng libspng zlib zlib libcrypto openssl@3)
        [[ -z $missing ]] || stop "Missing: $missing. Run 'brew install $missing', then try again."
    else
        missing=$(missing_packages python3-pip g++ libpcre2-8 libpcre2-dev libjpeg libjpeg-dev \
            spng libspng-dev zlib zlib1g-dev libcrypto libssl-dev)
        [[ -n $missing ]] || return 0
        command -v apt-get >/dev/null || stop "Missing: $missing. Install them with your system's package manager."
        # Split into words on purpose: package names hold no spaces.
        install_with_apt $missing
    fi
}

# The flags file is written last, so it stands for a complete installation of the version that it names.
torch_is_installed() {
    grep -qx "Version: $torch_version" "$torch_flags" 2>/dev/null &&
        compgen -G "$torch_folder/torch/lib/libtorch_cpu.*" >/dev/null
}

install_torch() {
    say "installing libtorch $torch_version into $torch_folder (about 190 MB to download, 750 MB on disk)"
    rm -rf "$torch_folder"
    local install=(python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore
        --no-deps --target "$torch_folder")
    if [[ $(uname -s) == Darwin ]] || ! "${install[@]}" "torch==$torch_version+cpu" 2>/dev/null; then
        say "the CPU-only build is not offered here (name its package index in PIP_EXTRA_INDEX_URL to use it):"
        say "installing torch $torch_version in its ordinary build"
        "${install[@]}" "torch==$torch_version" || stop "pip could not install torch $torch_version: see above."
    fi
}

# pkg-config replaces ${pcfiledir} by the folder of this file, so the project's folder may be moved.
write_torch_flags() {
    local libraries="-ltorch -ltorch_cpu -lc10"
    [[ -e $torch_folder/torch/lib/libtorch_cuda.so ]] && libraries+=" -ltorch_cuda -lc10_cuda"
    cat >"$torch_flags" <<FLAGS
torch=\${pcfiledir}/torch
Name: unlearn-torch
Description: libtorch for unlearn
Version: $torch_version
Cflags: -I\${torch}/include -I\${torch}/include/torch/csrc/api/include
Libs: -L\${torch}/lib $libraries
FLAGS
    say "wrote $torch_flags"
}

command -v swift >/dev/null || stop "Swift 6.2 or newer is not on the PATH: install a toolchain, then try again."
command -v python3 >/dev/null || stop "python3 is not on the PATH: install it, then try again."
install_system_packages
if ! torch_is_installed; then
    install_torch
    write_torch_flags
fi
