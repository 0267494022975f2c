# A real ACME server (pebble) on the switch, with a DNS server for it that sends every name to production.

start_acme_server() {
  local dir=$state/acme root=$machines/staging/root
  mkdir -p "$dir"
  chroot "$root" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout /tmp/acme.key -out /tmp/acme.pem \
    -days 30 -subj /CN=acme.lab.test -addext subjectAltName=DNS:acme.lab.test,IP:10.213.0.5 2>/dev/null
  mv "$root/tmp/acme.key" "$root/tmp/acme.pem" "$dir/"
  cat >"$dir/pebble.json" <<END
{"pebble": {
  "listenAddress": "10.213.0.5:14000", "managementListenAddress": "10.213.0.5:15000",
  "certificate": "$dir/acme.pem", "privateKey": "$dir/acme.key",
  "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
  "certificateValidityPeriod": 7776000
}}
END
  # The programs come from the machines' root, by their own loader: the host need not have them, nor their libraries.
  on_switch challtestsrv pebble-challtestsrv -defaultIPv4 "$(address4 production)" -defaultIPv6 "" -dns01 10.213.0.5:8053 \
    -http01 "" -https01 "" -tlsalpn01 "" -doh "" -management 10.213.0.5:8055
  PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=100 on_switch pebble pebble -config "$dir/pebble.json" -dnsserver 10.213.0.5:8053
}

# on_switch LOG PROGRAM ARGUMENTS...
on_switch() {
  local log=$state/log/$1.log program
  shift
  program=$image/usr/bin/$1
  shift
  setsid ip netns exec $switch "$image/lib64/ld-linux-x86-64.so.2" --library-path "$image/usr/lib/x86_64-linux-gnu" "$program" "$@" \
    </dev/null >"$log" 2>&1 9>&- &
  disown
}

save_acme_root() {
  curl -fsS --cacert "$state/acme/acme.pem" https://10.213.0.5:15000/roots/0 >"$state/ca/pebble.pem" || broken "the ACME server has no root certificate"
}
