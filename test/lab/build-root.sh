#!/bin/sh
# Makes the root that both machines start from, once: test/lab/lab.sh keeps it and gives each machine an overlay on it.
# usage: build-root.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
suite=trixie

# The host's own Debian mirror and its way to it (proxy and so on) are used, whatever they are.
mirror() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian //p' | head -n 1
}
[ -n "$(mirror)" ] || apt-get update -qq >&2 || true
uri=$(mirror)
settings=$(mktemp)
trap 'rm -f "$settings"' EXIT
apt-config dump --format '%f "%v";%n' | grep -E '^Acquire::(https?|Retries|ForceIPv4|ForceIPv6|Check-Valid-Until|Check-Date)(::[A-Za-z:-]*)? "..*";' >"$settings" || true

packages=$(sed 's/#.*//' "$here/packages" | tr -s ' \n' ',' | sed 's/^,//; s/,$//')
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --aptopt="$settings" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='upload "'"$here"'/setup.sh" /root/setup.sh' --customize-hook='chroot "$1" sh /root/setup.sh' \
  "$suite" "$root" ${uri:+"deb $uri $suite main"}
