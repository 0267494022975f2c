// Loaded into nixspec by profile.mjs: notes when sockets, child processes and the report came and went.

import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

const notes = [];
const note = (what) => notes.push({ at: performance.now(), what });
let sockets = 0;

subscribe('net.client.socket', ({ socket }) => {
  const number = ++sockets;
  // Many HTTP sockets would bury the rest.
  if (number > 6) return;
  note(`socket ${number}: made`);
  let lastData;
  socket.once('connect', () => note(`socket ${number}: connected to ${socket.remoteAddress}:${socket.remotePort}`));
  socket.once('close', () => {
    if (lastData !== undefined) notes.push({ at: lastData, what: `socket ${number}: last data` });
    note(`socket ${number}: closed, ${socket.bytesWritten} bytes out, ${socket.bytesRead} in`);
  });
  const push = socket.push;
  socket.push = function (chunk, ...rest) {
    if (lastData === undefined) note(`socket ${number}: first data`);
    lastData = performance.now();
    return push.call(this, chunk, ...rest);
  };
});
subscribe('child_process', ({ process: child }) => {
  child.once('spawn', () => note(`child ${child.spawnfile}: started`));
  child.once('exit', () => note(`child ${child.spawnfile}: ended`));
});
const write = process.stdout.write;
process.stdout.write = function (...args) {
  if (args[0] !== '') note('standard output: written');
  return write.apply(this, args);
};
note('first module');
process.on('exit', () => {
  note('exit');
  notes.push({
    at: performance.now(),
    what: `sockets in all: ${sockets}; peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  });
  writeFileSync(process.env.NIXSPEC_WATCH, JSON.stringify(notes.sort((a, b) => a.at - b.at)));
});
