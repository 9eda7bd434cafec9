#!/usr/bin/env bash
# Installs a wheel in bare folders of an old and a new Debian, and uses it there as a stranger would. Called by
# `make test-wheel`, with the wheel; needs root on Debian.
#
# "Old" is the oldest release whose Python is new enough for the package. Nothing is compiled in these folders: there is no
# compiler. What the package depends on is fetched outside, for the Python in there.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/debian.sh
wheel=$(realpath "$1")
root=${WHEEL_ROOT:-$HOME/.cache/penchant-wheel}
python=${PYTHON:-python3}
machine=$(uname -m)

command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap debian-archive-keyring; }
for release in bookworm trixie; do
  folder=$root/$release
  if [ ! -e "$folder/ready" ]; then
    debian_release "$release" "$folder" python3,python3-venv
    touch "$folder/ready"
  fi
  version=$(chroot "$folder" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  rm -rf "$folder/wheels" "$folder/venv"
  mkdir -p "$folder/wheels"
  "$python" -m pip download --quiet --dest "$folder/wheels" --only-binary :all: --python-version "$version" \
    --platform "manylinux_2_28_$machine" --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
    "$wheel" pandas
  cp tests/wheel/use.py "$folder/use.py"
  folder=$folder unshare --mount --propagation private bash -euo pipefail -c '
    mount --bind /proc "$folder/proc"
    mount --bind /dev "$folder/dev"
    run() { chroot "$folder" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
    run python3 -m venv /venv
    run /venv/bin/pip install --quiet --no-index --find-links /wheels penchant pandas
    run sh -c "cd /root && /venv/bin/python /use.py && /venv/bin/penchant demo >/dev/null"
  '
  echo "$release: Python $version, $(chroot "$folder" ldd --version | sed -n 1p | grep -o '[0-9.]*$'): works"
done
