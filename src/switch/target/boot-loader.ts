import type { Script } from '../../model.js';
import { sh } from '../../shell/sh.js';

/** Where GRUB finds what it is to boot once. */
const grubEnvironment = '/boot/grub/grubenv';

/** Numbers entries as GRUB does: from 0 in each menu. Prints the first whose block has the wanted words. */
const findGrubEntry = `{
  parent = path[top]
  if ($1 == "menuentry" && /\\}[ \\t]*$/) { count[parent]++; next }
  if (/\\{[ \\t]*$/) {
    top++; isEntry[top] = $1 == "menuentry"; path[top] = parent
    if ($1 == "menuentry" || $1 == "submenu") path[top] = (parent == "" ? "" : parent ">") (count[parent]++ + 0)
    next
  }
  if (/^[ \\t]*\\}/ && top > 0) { top--; next }
  if (isEntry[top] && index($0 " ", wanted " ")) { print path[top]; exit }
}`;

/**
 * The system that the next boot brings, from the files of the boot loader that NixOS has written: systemd-boot's default
 * entry, else the first entry of GRUB or extlinux, which is the default one. Nothing where it cannot be told.
 */
export const bootDefault: Script = sh`boot_default() {
  boot_loader=unknown boot_system= entries=
  for boot in /boot /efi /boot/efi; do
    [ -r "$boot/loader/loader.conf" ] || continue
    boot_loader=systemd-boot entries=$boot/loader/entries
    entry=$(sed -n 's/^default[[:space:]][[:space:]]*//p' "$boot/loader/loader.conf" | head -n 1)
    for config in "$entries"/$entry; do break; done
    break
  done
  if [ $boot_loader = unknown ]; then
    if [ -r /boot/grub/grub.cfg ]; then boot_loader=grub config=/boot/grub/grub.cfg
    elif [ -r /boot/extlinux/extlinux.conf ]; then boot_loader=extlinux config=/boot/extlinux/extlinux.conf
    else return 0; fi
  fi
  [ ! -f "$config" ] || boot_system=$(sed -n 's|.*[[:space:]]init=\(/nix/store/[^/[:space:]]*\)/init.*|\1|p' "$config" | head -n 1)
}
forget_once() {
  case $boot_loader in
    systemd-boot) bootctl set-oneshot '' ;;
    grub) [ ! -e ${grubEnvironment} ] || grub-editenv ${grubEnvironment} unset next_entry ;;
  esac
}`;

/**
 * Whether the boot loader can be asked for one boot of another entry, after which the default holds again.
 *
 * GRUB takes such a wish from its environment block, and clears it while it boots: only where it can write. Its manual
 * ("The GRUB environment block") rules out LVM, RAID and file systems with checksums; there the wish would hold for ever.
 */
export const bootOnce: Script = sh`can_boot_once() {
  case $boot_loader in
    systemd-boot) [ "$(timeout 10 bootctl is-installed 2>/dev/null)" = yes ] ;;
    grub)
      for tool in grub-editenv awk findmnt lsblk; do command -v $tool >/dev/null || return 1; done
      grep -q next_entry "$config" || return 1
      case $(findmnt -n -o FSTYPE -T /boot/grub) in ext2 | ext3 | ext4 | vfat) ;; *) return 1 ;; esac
      case $(lsblk -d -n -o TYPE "$(findmnt -n -o SOURCE -T /boot/grub)") in part | disk) ;; *) return 1 ;; esac
      ;;
    *) return 1 ;;
  esac
}`;

/**
 * Asks the boot loader for one boot of a system that it has an entry for. systemd-boot knows an entry by its file, less the
 * tries that it counts in the name; GRUB by its number, in submenus too: `1>0`.
 */
export const askBootOnce: Script = sh`ask_boot_once() {
  entry=
  case $boot_loader in
    systemd-boot)
      entry=$(grep -ls "^options.*init=$1/init\( \|$\)" "$entries"/*.conf | head -n 1 | sed 's|.*/||; s|+[0-9-]*\.conf$|.conf|')
      [ -n "$entry" ] && bootctl set-oneshot "$entry"
      ;;
    grub)
      entry=$(awk -v wanted="init=$1/init" ${findGrubEntry} "$config")
      [ -n "$entry" ] && grub-editenv ${grubEnvironment} set "next_entry=$entry"
      ;;
  esac
  code=$?
  [ -n "$entry" ] || { echo 'the boot loader has no entry for the new system'; return 1; }
  return $code
}`;
