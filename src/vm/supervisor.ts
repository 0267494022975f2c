/**
 * Runs a VM's start script, and ends it when nixspec is gone, however that came about: the end of descriptor 3 tells. Only
 * a process of its own can do that when nixspec is killed with -9. It stops whatever the start script started beside QEMU
 * (it leads a process group), and removes the VM's folder, which is `$1`; the rest is the start script. Told `keep`, it
 * leaves the machine running though nixspec goes, and removes the folder when the machine ends.
 *
 * Not standard input: Node.js closes that as soon as the supervisor ends, and the folder with the machine's last words
 * would be gone before anybody has read them.
 */
export const supervisor = `
d=$1
shift
umask 077
"$@" >"$d/qemu.log" 2>&1 3<&- &
vm=$!
read -r stat <"/proc/$vm/stat"
stat=\${stat##*) }
set -- $stat
echo "$vm \${20}" >"$d/machine.new" && mv "$d/machine.new" "$d/machine"
(
  read -r word <&3
  if [ "$word" = keep ]; then
    : >"$d/kept"
    [ -e "$d/exit" ] || exit
  fi
  [ -e "$d/exit" ] || kill -TERM "$vm"
  n=0
  while [ ! -e "$d/exit" ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
  rm -rf "$d"
  kill -KILL 0
) 2>/dev/null &
exec 3<&-
wait "$vm"
code=$?
echo "$code" >"$d/exit"
if [ -e "$d/kept" ]; then
  rm -rf "$d"
  kill -KILL 0
fi
exit "$code"
`;
