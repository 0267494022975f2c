# The image that all test VMs boot: a small Debian on a read-only disk, a kernel and an initrd. Made once, kept in the cache.

vm_image_key() {
  cat "$here/vm/packages" "$here/vm/setup.sh" "$here/vm/initrd-init" "$here/build-root.sh" "$here/lib/vm-image.sh" | sha256sum | cut -c 1-16
}

vm_image() {
  echo "$cache/machine-$(vm_image_key)"
}

need_vm_image() {
  local image root
  image=$(vm_image)
  root=$image/root
  if [ ! -e "$image/.complete" ]; then
    say "making the machines' image (once; a minute or two)"
    rm -rf --one-file-system "$image"
    mkdir -p "$image"
    if ! { sh "$here/build-root.sh" "$root" "$here/vm" "$here/vm/initrd-init" && split_root "$root" "$image"; } >"$cache/build.log" 2>&1 9>&-; then
      tail -n 20 "$cache/build.log" >&2
      rm -rf --one-file-system "$image"
      lacks "cannot make the machines' image: is a Debian mirror within reach?"
    fi
    : >"$image/.complete"
  fi
  touch "$image"
  # Of another day; a machine that runs keeps the files that it has open.
  find "$cache" -maxdepth 1 -name 'machine-*' ! -path "$image" -mtime +0 -exec rm -rf --one-file-system {} +
}

split_root() {
  local root=$1 image=$2
  mv "$root"/boot/vmlinuz-* "$image/kernel" || return 1
  mv "$root/boot/initrd" "$image/initrd" || return 1
  rm -rf "$root"/boot/*
  # What units Debian itself has: the machines' configurations add to these and make all others.
  find "$root/usr/lib/systemd/system" -maxdepth 1 ! -type d -printf '%f\n' >"$image/units"
  mkfs.ext4 -q -O ^has_journal -d "$root" "$image/root.ext4" $(($(du -sm "$root" | cut -f 1) * 5 / 4 + 16))M || return 1
  rm -rf --one-file-system "$root"
}
