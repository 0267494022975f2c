#!/bin/sh
# Makes a root that machines start from, once: lab.sh keeps one and gives each machine an overlay on it, vm-lab.sh makes an
# image of another.
# usage: build-root.sh DIRECTORY FOLDER [FILE...], where FOLDER has `packages` and `setup.sh`, which runs in the root and
# finds the files in its /root
set -eu
root=$1
here=$2
shift 2
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

for file in "$here/setup.sh" "$@"; do set -- "$@" --customize-hook="upload \"$file\" \"/root/${file##*/}\""; done
while [ "${1#--}" = "$1" ]; do shift; done
packages=$(sed 's/#.*//' "$here/packages" | tr -s ' \n' ',' | sed 's/^,//; s/,$//')
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --aptopt="$settings" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$@" --customize-hook='chroot "$1" sh /root/setup.sh' \
  "$suite" "$root" ${uri:+"deb $uri $suite main"}
