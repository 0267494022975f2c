import { open } from 'node:fs/promises';

/** What the machine said on its serial console, as far as it tells how the boot is going. */
export interface ConsoleSigns {
  /** Units that are being started, oldest first. */
  readonly starting: readonly string[];
  /** Units that could not be started. */
  readonly failed: readonly string[];
  /** All that belongs to a boot was started: logins are possible. */
  readonly booted: boolean;
  /** Why nothing more can come of this boot. */
  readonly hopeless: string | undefined;
}

/**
 * What ends a boot for good, in the words of the kernel, of NixOS's first stage (the scripted one, and systemd's) and of
 * systemd. At the beginning of a line, or after the kernel's time: others may quote them.
 */
const ends: readonly (readonly [sign: RegExp, meaning: string])[] = [
  [/^(?:\[[ \d.]+\] )?Kernel panic - not syncing: (.*)$/m, 'the kernel panicked'],
  [/^An error occurred in stage 1 of the boot process/m, 'the first stage of the boot failed'],
  [
    /^(?:You are in emergency mode|Cannot open access to console, the root account is locked)/m,
    'it is in emergency mode',
  ],
  [/^\[!!!!!!\] (.*)$/m, 'systemd gave up'],
];

/** At most so much of the end of the console is looked at, in bytes. */
const most = 256 * 1024;

/** Without what only moves a terminal about or colours it. Control characters that are left are for `printable`. */
export function plainConsole(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const sequences = /\u001b(?:\[[0-9;?!]*[ -/]*[@-~]|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)|[()][A-Z0-9]|[=>78Mc])/g;
  return text.replace(sequences, '').replace(/\r/g, '');
}

/** Reads the signs of a console, of which `plainConsole` made text. */
export function readSigns(text: string): ConsoleSigns {
  const starting: string[] = [];
  for (const line of text.split('\n')) {
    const began = /^ {9}(?:Starting|Mounting) (.+?)(?:\.\.\.)?$/.exec(line)?.[1];
    if (began !== undefined) starting.push(nameOf(began));
    const ended =
      /^\[.{6}\] (?:Finished|Started|Mounted|Failed to (?:start|mount)|Dependency failed for) (.+?)\.?$/.exec(
        line,
      )?.[1];
    const at = ended === undefined ? -1 : starting.findIndex((name) => isSame(name, nameOf(ended)));
    if (at !== -1) starting.splice(at, 1);
  }
  const failed = [...text.matchAll(/^\[FAILED\] Failed to start (.+?)\.?$/gm)].map(([, shown = '']) => nameOf(shown));
  // The animation of systemd names what it waits for by itself.
  const running = [...text.matchAll(/(?:A start job is running for|Job) (.+?)(?:\/start running)? \([^()\n]* \/ /g)];
  const name = running.at(-1)?.[1];
  if (name !== undefined && !starting.some((other) => isSame(other, name))) starting.push(name);
  const end = ends.find(([sign]) => sign.test(text));
  const said = end?.[0].exec(text)?.[1]?.trim();
  return {
    starting,
    failed,
    booted: /Reached target (?:multi-user\.target|Multi-User System)/.test(text),
    hopeless: end && `${end[1]}${said ? `: ${said}` : ''}`,
  };
}

/** `nginx.service - Nginx Web Server`, or what is there of it: systemd shows names, descriptions, or both. */
function nameOf(shown: string): string {
  return shown.split(' - ', 1)[0] ?? shown;
}

/** systemd leaves out the middle of what is too long for a line, a character more or less of it. */
function isSame(one: string, other: string): boolean {
  const [a = '', b = ''] = [one, other].map((name) => name.split('…', 1)[0]);
  return one === other || ((one.includes('…') || other.includes('…')) && (a.startsWith(b) || b.startsWith(a)));
}

/** The last lines of a log, without what only moves a terminal about. */
export async function readTail(file: string, lines: number): Promise<string> {
  const text = plainConsole(await readEnd(file, most)).trimEnd();
  return dropAnimation(text.split('\n')).slice(-lines).join('\n');
}

/** While it waits, systemd writes the same line over and over: the last one of them tells it all. */
function dropAnimation(lines: readonly string[]): readonly string[] {
  const isFrame = (line: string | undefined) => /^\[[ *]{6}\] /.test(line ?? '');
  const said = lines.filter((line, at) => line.trim() !== '' || lines[at - 1]?.trim() !== '');
  return said.filter((line, at) => !isFrame(line) || !isFrame(said[at + 1] || said[at + 2]));
}

export async function readConsole(file: string): Promise<ConsoleSigns> {
  return readSigns(plainConsole(await readEnd(file, most)));
}

/** The last bytes of a file that may grow; empty where there is none. */
async function readEnd(file: string, bytes: number): Promise<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}
