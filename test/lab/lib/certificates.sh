# A private CA as NixOS makes one (minica) where ACME is not to be had, and what it signs. Both machines begin with its
# certificates; production then gets its own over ACME.

# OpenSSL of the machines' root is used: the host may have none, or an older one.
make_certificates() {
  local root=$machines/staging/root name
  mkdir -p "$root/root/minica"
  cp "$here/lib/minica.sh" "$root/root/minica/"
  chroot "$root" sh /root/minica/minica.sh /root/minica
  mkdir -p "$state/ca"
  cp "$root/root/minica/ca.pem" "$state/ca/minica.pem"
  mv "$root/root/minica" "$state/minica"
}

give_certificates() {
  local root=$1 dir name
  mkdir -p "$root/tmp/minica"
  cp -r "$state/minica/." "$root/tmp/minica/"
  for dir in "$state"/minica/*/; do
    name=$(basename "$dir")
    chroot "$root" install-certificate "$name" "/tmp/minica/$name/cert.pem" /tmp/minica/ca.pem "/tmp/minica/$name/key.pem"
  done
  rm -rf "$root/tmp/minica"
}
