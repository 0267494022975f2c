#!/bin/bash
# The VM lab: what tests need to build and boot virtual machines in the shape of NixOS's. See README.md beside this file.
# usage: vm-lab.sh prepare | status | clean
# Prints one line of JSON (not `clean`). Exit codes: 0 ready, 1 broken or not prepared, 64 bad usage, 77 cannot be had here.
set -euo pipefail
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=/var/cache/nixspec-lab/vm

for part in host vm-image vm-store; do
  # shellcheck source=/dev/null
  . "$here/lib/$part.sh"
done

say() { echo "vm lab: $*" >&2; }
lacks() {
  say "$*"
  echo "{\"lacks\": \"$*\"}"
  exit 77
}
broken() { say "$*"; exit 1; }

prepare() {
  need_debian
  [ "$(dpkg --print-architecture)" = amd64 ] || lacks "its machines are made for x86_64 alone"
  lock
  need_host_packages mmdebstrap:mmdebstrap nix:nix-bin qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils mkfs.ext4:e2fsprogs \
    ssh-keygen:openssh-client
  need_vm_image
  need_store
  copy_flake
  status
}

status() {
  need_root
  local flake image
  flake=$(flake_folder) image=$(vm_image)
  [ -e "$flake/flake.nix" ] && [ -e "$image/.complete" ] || { say "not prepared"; echo '{"lacks": "the VM lab is not prepared (vm-lab.sh prepare)"}'; return 1; }
  echo "{\"flake\": \"$flake\", \"image\": \"$image\", \"environment\": {$(store_environment)}}"
}

# By what is in it, as the image is: several checkouts on one machine do not take it away from each other.
flake_folder() {
  echo "$cache/flake-$( (vm_image; cd "$here/vm" && find flake.nix nixos hosts -type f | LC_ALL=C sort | xargs cat; cat "$here/../nix/minimal-modules.nix") | sha256sum | cut -c 1-16)"
}

# Nix has the flake from a folder of its own: in a checkout it would copy the whole repository, and only what git knows.
copy_flake() {
  local flake
  flake=$(flake_folder)
  if [ ! -e "$flake" ]; then
    rm -rf "$flake.new"
    mkdir -p "$flake.new"
    cp -r "$here"/vm/flake.nix "$here"/vm/nixos "$here"/vm/hosts "$here/../nix/minimal-modules.nix" "$flake.new/"
    # A flake sees no environment.
    sed -i "s|@image@|$(vm_image)|" "$flake.new/nixos/system.nix"
    mv "$flake.new" "$flake"
  fi
  touch "$flake"
  # For hands; tests ask `status`.
  [ -L "$cache/flake" ] || rm -rf "$cache/flake"
  ln -sfn "$flake" "$cache/flake"
  find "$cache" -maxdepth 1 -name 'flake-*' ! -path "$flake" -mtime +0 -exec rm -rf --one-file-system {} +
}

clean() {
  need_root
  lock
  rm -rf --one-file-system "$cache"
  remove_store
}

case "${1:-}" in
  prepare | status | clean) "$1" ;;
  *) say "usage: vm-lab.sh prepare | status | clean"; exit 64 ;;
esac
