/**
 * Runs a VM's start script, and ends it when nixspec is gone, however that came about: the end of standard input tells.
 * Only a process of its own can do that when nixspec is killed with -9. It stops whatever the start script started beside
 * QEMU (it leads a process group), and removes the VM's folder. `$1` is that folder, `$2` says whether the VM is kept
 * though nixspec is gone, until it is stopped; the rest is the start script.
 */
export const supervisor = `
d=$1 kept=$2
shift 2
umask 077
exec 3<&0 </dev/null
"$@" >"$d/qemu.log" 2>&1 3<&- &
vm=$!
read -r stat <"/proc/$vm/stat"
stat=\${stat##*) }
set -- $stat
echo "$vm \${20}" >"$d/machine"
if [ "$kept" = yes ]; then
  wait "$vm"
  rm -rf "$d"
  kill -KILL 0
fi
(
  cat <&3 >/dev/null
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
exit "$code"
`;
