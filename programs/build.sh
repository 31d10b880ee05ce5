#!/bin/bash
# build.sh: compiles the program and writes artifacts/plimsoll.so, artifacts/plimsoll.json (the IDL) and manifest.json.
# build.sh --check: compiles it again and fails when anything differs from what is committed. Writes nothing here.
#
# `cargo build-sbf` of Solana's own tools is used when it is there, otherwise toolchain/ (Debian's rustc; the first run installs what
# is missing, about 4 minutes). BUILDER=recipe or BUILDER=cargo-build-sbf chooses. The two write different bytes of the same program:
# a check needs the builder that the manifest names.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
MODE=build
case ${1:-} in
  '') ;;
  --check) MODE=check ;;
  *) die "usage: build.sh [--check]" ;;
esac
export SBF_HOME=${SBF_HOME:-$HOME/.cache/plimsoll-sbf}
committed=$(node "$HERE/manifest.mjs" builder)
BUILDER=${BUILDER:-}
if [[ $MODE == check && -n $committed ]]; then
  BUILDER=${BUILDER:-${committed%% *}}
  [[ $BUILDER == "${committed%% *}" ]] || die "the committed program was built by $committed; $BUILDER writes other bytes"
elif [[ -z $BUILDER ]]; then
  if command -v cargo-build-sbf >/dev/null; then BUILDER=cargo-build-sbf; else BUILDER=recipe; fi
fi

OUT=$HERE/artifacts
if [[ $MODE == check ]]; then
  OUT=$(mktemp -d)
  trap 'rm -rf "$OUT"' EXIT
fi
mkdir -p "$OUT"
CRATE=$HERE/programs/plimsoll
case $BUILDER in
  cargo-build-sbf)
    command -v cargo-build-sbf >/dev/null || die "cargo build-sbf is not here (the committed program was built by $committed)"
    (cd "$CRATE" && cargo build-sbf --sbf-out-dir "$OUT" -- --locked)
    rm -f "$OUT"/*-keypair.json
    version=$(cargo build-sbf --version | head -1 | tr -s ' ' '-') ;;
  recipe)
    "$HERE/toolchain/setup.sh"
    "$HERE/toolchain/compile.sh" "$CRATE" "$OUT"
    version=$(/usr/bin/rustc --version | cut -d' ' -f2) ;;
  *) die "BUILDER must be recipe or cargo-build-sbf, not $BUILDER" ;;
esac
if [[ -z ${CARGO:-} && -x /usr/bin/cargo ]]; then export CARGO=/usr/bin/cargo; fi
node "$HERE/toolchain/idl.mjs" "$CRATE" "$OUT/plimsoll.json"

if [[ $MODE == check ]]; then
  node "$HERE/manifest.mjs" check "$OUT"
else
  node "$HERE/manifest.mjs" write "$BUILDER $version"
fi
