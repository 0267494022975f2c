# The root that the machines are made of: built once, kept in the cache under a name made of what it is built from.

root_key() {
  cat "$here/packages" "$here/build-root.sh" "$here/setup.sh" | sha256sum | cut -c 1-16
}

need_root_image() {
  image=$cache/root-$(root_key)
  [ ! -e "$image/.complete" ] || return 0
  say "making the machines' root (once; a minute or two)"
  mkdir -p "$cache"
  find "$cache" -maxdepth 1 -name 'root-*' -exec rm -rf --one-file-system {} +
  if ! sh "$here/build-root.sh" "$image" "$here" >"$cache/build.log" 2>&1 9>&-; then
    tail -n 20 "$cache/build.log" >&2
    rm -rf --one-file-system "$image"
    lacks "cannot make the machines' root: is a Debian mirror within reach?"
  fi
  : >"$image/.complete"
}
