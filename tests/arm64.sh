#!/usr/bin/env bash
# Compiles the crate's unit and integration tests for 64-bit Arm and runs them under qemu. Called by `make test-arm64`; needs
# root on Debian.
#
# The compiler is that of a Debian release in a folder of its own (ARM64_ROOT), made once; it runs natively, only the tests are
# emulated. Most of the time, half an hour and more on two cores, goes into what the crate depends on.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/debian.sh
root=${ARM64_ROOT:-$HOME/.cache/penchant-arm64}
release=forky   # its rustc is new enough
cases=${PROPTEST_CASES:-16}

if [ ! -e "$root/ready" ]; then
  apt-get update -qq
  apt-get install -y -qq debootstrap qemu-user-static debian-archive-keyring
  debian_release "$release" "$root" gcc,gcc-aarch64-linux-gnu,libc6-dev,libc6-dev-arm64-cross,qemu-user
  chroot "$root" dpkg --add-architecture arm64
  chroot "$root" apt-get update -qq
  chroot "$root" apt-get install -y -qq rustc cargo libstd-rust-dev:arm64 libc6:arm64 libgcc-s1:arm64
  touch "$root/ready"
fi

# The working tree as it is, and what cargo has fetched here, which need not be fetched again.
rm -rf "$root/project"
mkdir -p "$root/project" "$root/home/.cargo"
git ls-files -z --cached --others --exclude-standard | tar --ignore-failed-read --null -T - -cf - | tar -xf - -C "$root/project"
cargo=${CARGO_HOME:-$HOME/.cargo}
for kept in registry config.toml; do
  if [ -e "$cargo/$kept" ]; then cp -ru "$cargo/$kept" "$root/home/.cargo/"; fi
done
if [ -d "${PENCHANT_DATA:-}" ]; then mkdir -p "$root/data" && cp -ru "$PENCHANT_DATA/." "$root/data/"; fi

# In a mount namespace of its own: whatever ends this script, nothing stays mounted.
export root cases
unshare --mount --propagation private bash -euo pipefail -c '
  mount --bind /proc "$root/proc"
  mount --bind /dev "$root/dev"
  exec chroot "$root" env -i HOME=/home PATH=/usr/sbin:/usr/bin:/sbin:/bin PENCHANT_DATA=/data PROPTEST_CASES="$cases" \
    CARGO_TARGET_DIR=/target CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64 RUSTFLAGS="-D warnings" \
    sh -c "cd /project && exec cargo test --locked --target aarch64-unknown-linux-gnu --lib --tests \"\$@\"" sh "$@"
' bash "$@"
