#!/usr/bin/env bash
# What it costs to depend on one crate: benches/scripts/crates.sh [--build] [CRATE..]
#
# For each crate a package that depends on it alone: how many packages that is (the dependent counted), how many with those of build scripts,
# and with --build the time and size of a clean debug build with nothing shared. Prints a table in Markdown.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
build=
[ "${1:-}" != --build ] || { build=yes; shift; }
[ $# -gt 0 ] || set -- core stop store controller config agent gp insight search bench plot engine besom
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_NET_OFFLINE=true
unset CARGO_TARGET_DIR

packages() { # packages EDGES: distinct packages in the tree
  cargo tree --quiet --edges "$1" --prefix none --format '{p}' | sed 's/ (\*)$//' | sort -u | wc -l
}

printf '| crate alone | packages | with build scripts | %s\n|---|---|---|%s\n' "${build:+clean debug build | size |}" "${build:+---|---|}"
for name in "$@"; do
  crate=besom-${name#besom-}
  [ "$name" != besom ] || crate=besom
  mkdir -p "$work/$crate/src"
  cd "$work/$crate"
  printf '[package]\nname = "alone"\nedition = "2024"\n[workspace]\n[dependencies]\n%s = { path = "%s" }\n' "$crate" "$root/crates/$crate" >Cargo.toml
  echo 'fn main() {}' >src/main.rs
  cp "$root/Cargo.lock" Cargo.lock
  row="| \`$crate\` | $(packages normal) | $(packages normal,build) |"
  if [ -n "$build" ]; then
    started=$(date +%s)
    cargo build --quiet
    row+=" $(($(date +%s) - started)) s | $(du -sm target | cut -f1) MB |"
    rm -rf target
  fi
  echo "$row"
done
