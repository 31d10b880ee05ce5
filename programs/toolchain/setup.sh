#!/bin/bash
# One-time toolchain for compile.sh: Debian's rustc + an SBF-aware standard library + sbpf-linker + the
# 128-bit and float runtime. Idempotent: every step is skipped when its result is there.
# Everything lives under $SBF_HOME (default ~/.cache/plimsoll-sbf). FORCE=1 starts it over.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SBF_HOME=${SBF_HOME:-$HOME/.cache/plimsoll-sbf}
RUST=1.96.0 LLVM_WHEEL=23.1.1.post0 LINKER=0.2.6 BUILTINS=0.3.0
say() { printf '[sbf %3ds] %s\n' "$SECONDS" "$*"; }
die() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }
quiet() { "$@" >"$SBF_HOME/setup.log" 2>&1 || { tail -n 40 "$SBF_HOME/setup.log" >&2; die "failed: $* (log: $SBF_HOME/setup.log)"; }; }

command -v dpkg-query >/dev/null || die "needs Debian bookworm (packages rustc-web cargo-web rust-web-src), there is no dpkg here"
[[ $(uname -sm) == "Linux x86_64" ]] || die "needs Linux x86_64 (the LLVM wheels are linux-x86_64), this is $(uname -sm)"
[[ ${FORCE:-0} == 1 ]] && rm -rf "$SBF_HOME"
mkdir -p "$SBF_HOME"

# 1. Debian packages
deb_ok() { [[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null) == ii* ]]; }
need=()
for p in rustc-web cargo-web rust-web-src gcc g++ libc6-dev patch python3-venv; do deb_ok $p || need+=("$p"); done
if ((${#need[@]})); then
  say "Debian packages missing: ${need[*]}"
  command -v apt-get >/dev/null || die "no apt-get here: install the equivalents of ${need[*]} by hand"
  sudo=; [[ $(id -u) == 0 ]] || { command -v sudo >/dev/null || die "not root and no sudo: run as root: apt-get install --no-install-recommends ${need[*]}"; sudo=sudo; }
  quiet $sudo apt-get update -qq
  quiet $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"
fi
for t in /usr/bin/rustc /usr/bin/cargo python3 patch gcc g++; do command -v $t >/dev/null || die "missing: $t (Debian: rustc-web cargo-web python3 patch gcc g++)"; done
V=$(/usr/bin/rustc --version)
[[ $V == "rustc $RUST "* ]] || die "Debian's rustc-web is '$V', this kit is made for $RUST: patch-std.py, builtins.patch and the 128-bit calling convention must be checked again before use (an older one: apt-get install rustc-web cargo-web rust-web-src from bookworm-security)"
[[ -d /usr/src/rustc-$RUST/library ]] || die "missing: /usr/src/rustc-$RUST/library (Debian: rust-web-src)"
python3 -c 'import ensurepip, venv' 2>/dev/null || die "missing: python3-venv"

# 2. LLVM 23 (with the BPF back end) as Python wheels: only needed to build the linker
if [[ ! -x $SBF_HOME/linker/bin/sbpf-linker ]]; then
  say "LLVM wheels (about 110 MB)"
  [[ -x $SBF_HOME/venv/bin/pip ]] || quiet python3 -m venv "$SBF_HOME/venv"
  quiet "$SBF_HOME/venv/bin/pip" install -q mlc-llvm-static==$LLVM_WHEEL mlc-llvm-static-extra-targets==$LLVM_WHEEL
  P=$("$SBF_HOME/venv/bin/python" -c 'import mlc_llvm_static,os;print(os.path.join(os.path.dirname(mlc_llvm_static.__file__),"static"))')
  "$P/bin/llvm-config" --targets-built | grep -qw BPF || die "the LLVM wheels at $P have no BPF target"
  # 3. sbpf-linker, statically linked to that LLVM; the wheels and build files go away after it
  say "sbpf-linker $LINKER (1 to 3 minutes)"
  quiet env -u RUSTFLAGS -u RUSTC_WRAPPER RUSTC=/usr/bin/rustc LIBRARY_PATH="$P/lib" LLVM_SYS_231_PREFIX="$P" LLVM_PREFIX="$P" PATH="$P/bin:$PATH" \
    CARGO_TARGET_DIR="$SBF_HOME/linker-build" /usr/bin/cargo install sbpf-linker --version $LINKER --locked --force \
    --no-default-features --features bpf-linker/llvm-23,bpf-linker/llvm-link-static --root "$SBF_HOME/linker"
  rm -rf "$SBF_HOME/linker-build" "$SBF_HOME/venv"
fi

mkdir -p "$SBF_HOME/bin"; install -m 755 "$HERE"/sbf/{sbpf-linker,rustc-stable} "$SBF_HOME/bin/"

# 4. the standard library's source, taught the os "solana"; made anew when patch-std.py changes
stamp=$(cat "$HERE"/sbf/* | sha256sum | cut -c1-16)
if [[ $(cat "$SBF_HOME/std/.stamp" 2>/dev/null) != "$stamp" ]]; then
  say "standard library copy"
  rm -rf "$SBF_HOME/std" "$SBF_HOME/target"      # cargo does not notice edits in std
  mkdir -p "$SBF_HOME/std"
  cp -r "/usr/src/rustc-$RUST/library" "$SBF_HOME/std/"
  quiet python3 "$HERE/sbf/patch-std.py" "$SBF_HOME/std/library"
  echo "$stamp" >"$SBF_HOME/std/.stamp"
fi

# 5. solana-compiler-builtins from the Rust registry, patched, compiled to bitcode that every program is linked with
if [[ $(cat "$SBF_HOME/builtins/.stamp" 2>/dev/null) != "$stamp" ]]; then
  say "runtime library (solana-compiler-builtins $BUILTINS)"
  B=$SBF_HOME/builtins; rm -rf "$B"; mkdir -p "$B/fetch/src"; : >"$B/fetch/src/lib.rs"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nsolana-compiler-builtins = "=%s"\n' $BUILTINS >"$B/fetch/Cargo.toml"
  (cd "$B/fetch" && quiet env RUSTC=/usr/bin/rustc /usr/bin/cargo vendor -q vendor)
  cp -r "$B/fetch/vendor/solana-compiler-builtins" "$B/crate"; rm -rf "$B/fetch"
  (cd "$B/crate" && quiet patch -p1 --batch -i "$HERE/sbf/builtins.patch")
  printf '\n[workspace]\n[profile.release]\npanic = "abort"\ncodegen-units = 1\noverflow-checks = false\n' >>"$B/crate/Cargo.toml"
  quiet "$HERE/compile.sh" --builtins
  echo "$stamp" >"$B/.stamp"
fi
say "ready: $SBF_HOME ($(du -sh "$SBF_HOME" | cut -f1))"
