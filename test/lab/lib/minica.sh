#!/bin/sh
# usage: minica.sh DIRECTORY      makes a CA in it, and NAME/cert.pem with NAME/key.pem for each name the lab serves
set -eu
cd "$1"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -keyout ca.key -out ca.pem -days 36500 \
  -subj '/CN=minica root ca 1a2b3c' -addext keyUsage=critical,digitalSignature,keyCertSign 2>/dev/null

# issue NAME KEYTYPE ALTERNATIVE-NAMES [openssl's options...]
issue() {
  name=$1 type=$2 san=$3
  shift 3
  mkdir -p "$name"
  printf '[req]\ndistinguished_name=dn\nx509_extensions=leaf\n[dn]\n[leaf]\nbasicConstraints=critical,CA:FALSE\n%s\n%s\n' \
    'extendedKeyUsage=serverAuth,clientAuth' "subjectAltName=$san" >"$name/openssl.cnf"
  openssl req -x509 -config "$name/openssl.cnf" -newkey "$type" -pkeyopt "$([ "$type" = rsa ] && echo rsa_keygen_bits:2048 || echo ec_paramgen_curve:P-256)" \
    -noenc -keyout "$name/key.pem" -out "$name/cert.pem" -subj "/CN=${san##*DNS:}" "$@" 2>/dev/null
  rm "$name/openssl.cnf"
}

by_ca='-CA ca.pem -CAkey ca.key'
issue git.lab.test ec DNS:git.lab.test $by_ca -days 760
issue www.lab.test rsa DNS:www.lab.test $by_ca -days 760
issue mail.lab.test ec DNS:db.lab.test,DNS:dns.lab.test,DNS:mail.lab.test $by_ca -days 760
issue expired.lab.test ec DNS:expired.lab.test $by_ca -not_before 20240101000000Z -not_after 20240401000000Z
issue wrong.lab.test ec DNS:elsewhere.example $by_ca -days 760
issue self-signed ec DNS:localhost -days 760
