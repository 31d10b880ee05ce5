#!/bin/bash
# compile.sh <crate dir> <out dir>: compiles an Anchor (or plain Solana) program crate to an SBF v3 .so.
# The sources stay stock: no extra dependency, nothing here is named in the crate.
# Environment: SBF_HOME (see setup.sh), CARGO_TARGET_DIR (default $SBF_HOME/target), OFFLINE=1 (no registry),
# FEATURES=a,b (cargo features).
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SBF_HOME=${SBF_HOME:-$HOME/.cache/plimsoll-sbf}
die() { printf 'compile.sh: %s\n' "$*" >&2; exit 1; }
[[ -x $SBF_HOME/linker/bin/sbpf-linker && -f $SBF_HOME/std/.stamp ]] || die "no toolchain in $SBF_HOME: run setup.sh first"

export RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc __CARGO_TESTS_ONLY_SRC_ROOT=$SBF_HOME/std/library
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$SBF_HOME/target}
export SBF_HOME PATH=$SBF_HOME/bin:/usr/bin:$PATH
export CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
       CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=none
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET RUSTC_WORKSPACE_WRAPPER || true
export RUSTC_WRAPPER=$SBF_HOME/bin/rustc-stable

# Runtime functions that code generation calls after link-time optimisation must survive it (the linker knows the others).
CALLS=__ashlti3,__lshrti3,__ashrti3
flags=(-C target-cpu=v3 -C target-feature=+allows-misaligned-mem-access '--cfg=target_feature="static-syscalls"' -A explicit_builtin_cfgs_in_flags
  -C panic=abort -C relocation-model=static -C passes=lower-atomic)
link=(-C "link-arg=$SBF_HOME/builtins/solana_compiler_builtins.bc" -C "link-arg=--export=$CALLS" -C link-arg=--arch=v3
  -C link-arg=--llvm-args=-bpf-stack-size=4096 -C link-arg=--llvm-args=--bpf-max-stores-per-memfunc=5
  -C link-arg=--llvm-args=--disable-gotox -C link-arg=--llvm-args=--disable-ldsx -C link-arg=--llvm-args=--disable-movsx)
remap() { flags+=(--remap-path-prefix "$1=$2"); }
cargo_home=${CARGO_HOME:-$HOME/.cargo}
cargo_() { # cargo_ <dir> <subcommand> args...: cargo with our flags, in <dir>
  local dir=$1 sub=$2 sep=$'\x1f' enc; shift 2
  enc=$(IFS=$sep; echo "${flags[*]}")
  (cd "$dir" && CARGO_ENCODED_RUSTFLAGS=$enc /usr/bin/cargo "$sub" -Zjson-target-spec --target "$HERE/sbf/sbpf-solana.json" ${OFFLINE:+--offline} "$@")
}

if [[ ${1:-} == --builtins ]]; then # called by setup.sh
  B=$SBF_HOME/builtins; export CARGO_TARGET_DIR=$B/target; unset CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS CARGO_PROFILE_RELEASE_LTO
  remap "$SBF_HOME" /sbf; export SBF_PROGRAM=$B/crate
  cargo_ "$B/crate" rustc --release -Zbuild-std=core --lib -- --emit=llvm-bc -C lto=off -C embed-bitcode=yes
  bc=("$B"/target/sbpf-solana/release/deps/solana_compiler_builtins-*.bc)
  [[ ${#bc[@]} == 1 && -f ${bc[0]} ]] || die "no bitcode for the runtime library"
  cp "${bc[0]}" "$B/solana_compiler_builtins.bc"; rm -rf "$B/target"; exit
fi

[[ $# == 2 ]] || die "usage: compile.sh <crate dir> <out dir>"
DIR=$(cd "$1" && pwd) || die "no such directory: $1"
[[ -f $DIR/Cargo.toml ]] || die "no Cargo.toml in $1"
mkdir -p "$2"; OUT=$(cd "$2" && pwd)
[[ -f $SBF_HOME/builtins/solana_compiler_builtins.bc ]] || die "no $SBF_HOME/builtins/solana_compiler_builtins.bc: run setup.sh"
{ read -r name; read -r SBF_PROGRAM; } < <(/usr/bin/cargo metadata --format-version 1 --no-deps --offline --manifest-path "$DIR/Cargo.toml" |
  python3 -c 'import json,sys,os
d=os.path.realpath(sys.argv[1])
m=json.load(sys.stdin); name=""
for p in m["packages"]:
    if os.path.realpath(os.path.dirname(p["manifest_path"]))==d:
        for t in p["targets"]:
            if "cdylib" in t["crate_types"]: name=t["name"].replace("-","_")
print(name); print(m["workspace_root"])' "$DIR") || die "cannot read $DIR/Cargo.toml"
export SBF_PROGRAM
[[ -n ${name:-} ]] || die "$DIR/Cargo.toml has no [lib] with crate-type \"cdylib\""
remap "$SBF_HOME" /sbf; remap "$CARGO_TARGET_DIR" /target; remap "$HERE" /kit; remap "$cargo_home" /cargo
compgen -G "$cargo_home/registry/src/*/" >/dev/null || (cd "$DIR" && /usr/bin/cargo fetch -q ${OFFLINE:+--offline})
for d in "$cargo_home"/registry/src/*/; do remap "${d%/}" /dep; done
flags+=("${link[@]}")
rm -f "$CARGO_TARGET_DIR/sbpf-solana/release/lib$name.so"
cargo_ "$DIR" build --release --lib -Zbuild-std=std,panic_abort ${FEATURES:+--features "$FEATURES"}
so=$OUT/$name.so
cp "$CARGO_TARGET_DIR/sbpf-solana/release/lib$name.so" "$so"
printf '%s  %d bytes  sha256 %s\n' "$so" "$(stat -c %s "$so")" "$(sha256sum "$so" | cut -d' ' -f1)"
