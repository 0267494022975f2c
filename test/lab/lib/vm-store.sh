# Nix's store: /nix where it is or can be made, else a folder of the cache. No network, no sandbox, no build users.

need_store() {
  # The mark says that it is ours to remove.
  [ -e /nix ] || { mkdir /nix 2>/dev/null && : >/nix/.nixspec-lab; } || true
  mkdir -p "$(store_root)"
}

store_root() {
  if [ -w /nix ]; then echo /nix; else echo "$cache/nix"; fi
}

store_environment() {
  local root
  root=$(store_root)
  echo -n '"NIX_CONFIG": "experimental-features = nix-command flakes\nsandbox = false\nbuild-users-group =\nsubstituters =\n"'
  [ "$root" = /nix ] || echo -n ", \"NIX_STORE_DIR\": \"$root/store\", \"NIX_STATE_DIR\": \"$root/var/nix\", \"NIX_LOG_DIR\": \"$root/var/log/nix\", \"NIX_CONF_DIR\": \"$root/etc\""
}

remove_store() {
  [ ! -e /nix/.nixspec-lab ] || { chmod -R u+w /nix && rm -rf --one-file-system /nix; }
}
