# What scripts that make a folder with a Debian release in it have in common; sourced by them. They run as root on Debian.

# Prints where this machine gets its own packages from.
debian_mirror() {
  local sources mirror
  sources=$(find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -o -name '*.sources' 2>/dev/null || true)
  mirror=$(xargs cat <<<"$sources" | sed -nE 's#^(URIs: *|deb +(\[[^]]*\] +)?)(https?://[^ ]*debian/?)( .*)?$#\3#p' | sed -n 1p)
  [ -n "$mirror" ] || { echo "found no source of Debian's packages under /etc/apt" >&2; return 1; }
  echo "$mirror"
}

# debian_release RELEASE FOLDER PACKAGES: makes a folder with a release and some packages.
debian_release() {
  local release=$1 folder=$2 packages=$3 scripts=/usr/share/debootstrap/scripts
  # An older debootstrap does not know the name; all releases since are made alike.
  [ -e "$scripts/$release" ] || ln -s sid "$scripts/$release"
  rm -rf "$folder"
  debootstrap --variant=minbase --include="ca-certificates,$packages" "$release" "$folder" "$(debian_mirror)"
  cp -r /etc/apt/apt.conf.d/. "$folder/etc/apt/apt.conf.d/"
  cp /etc/resolv.conf "$folder/etc/"
}
