#!/usr/bin/env bash
# Compiles the crate's tests for 64-bit Arm and runs them under qemu. Called by `make test-arm64`; needs root on Debian.
#
# The compiler is that of a Debian release in a folder of its own (ARM64_ROOT), made once; it runs natively, only the tests are
# emulated. Half an hour on two cores the first time, most of it for what the crate depends on.
set -euo pipefail
cd "$(dirname "$0")/.."
root=${ARM64_ROOT:-$HOME/.cache/penchant-arm64}
release=forky   # its rustc is new enough
cases=${PROPTEST_CASES:-16}
target=aarch64-unknown-linux-gnu

if [ ! -e "$root/ready" ]; then
  apt-get update -qq
  apt-get install -y -qq debootstrap qemu-user-static debian-archive-keyring
  # An older debootstrap does not know the name; all releases since are made alike.
  scripts=/usr/share/debootstrap/scripts
  [ -e "$scripts/$release" ] || ln -s sid "$scripts/$release"
  # Whatever this machine gets its own packages from.
  mirror=$(sed -nE 's#^(URIs: *|deb +(\[[^]]*\] +)?)(https?://[^ ]*debian/?)( .*)?$#\3#p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null | head -1)
  debootstrap --variant=minbase \
    --include=ca-certificates,gcc,gcc-aarch64-linux-gnu,libc6-dev,libc6-dev-arm64-cross,qemu-user \
    "$release" "$root" "$mirror"
  cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  cp /etc/resolv.conf "$root/etc/"
  chroot "$root" dpkg --add-architecture arm64
  chroot "$root" apt-get update -qq
  chroot "$root" apt-get install -y -qq rustc cargo libstd-rust-dev:arm64 libc6:arm64 libgcc-s1:arm64
  touch "$root/ready"
fi

for folder in proc dev; do
  mountpoint -q "$root/$folder" || mount --bind "/$folder" "$root/$folder"
done
trap 'umount "$root/proc" "$root/dev"' EXIT

# What cargo has fetched here need not be fetched again.
mkdir -p "$root/root/.cargo" "$root/project"
for kept in registry config.toml; do
  if [ -e "$HOME/.cargo/$kept" ]; then cp -ru "$HOME/.cargo/$kept" "$root/root/.cargo/"; fi
done
git ls-files -z --cached --others --exclude-standard | xargs -0 tar -cf - | tar -xf - -C "$root/project"
if [ -d "${PENCHANT_DATA:-}" ]; then mkdir -p "$root/data" && cp -ru "$PENCHANT_DATA/." "$root/data/"; fi

chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin PENCHANT_DATA=/data PROPTEST_CASES="$cases" \
  CARGO_TARGET_DIR=/target CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64 RUSTFLAGS="-D warnings" \
  sh -c "cd /project && cargo test --locked --target $target --lib --tests $*"
