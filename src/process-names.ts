/** What is known of one process that may tell its name. */
export interface ProcessTraits {
  /** At most 15 bytes of a user's process; a thread may have given itself another. */
  readonly comm: string;
  /** Arguments as they are now; a process may have written a title over them. */
  readonly argv: readonly string[];
  /** Path of the program; undefined where it may not be seen, or there is none (a thread of the kernel). */
  readonly exe?: string;
}

/**
 * All names by which people know a process: that of the program, that by which it was called, the one that it gives itself,
 * and for an interpreter that of the script. `.x-wrapped` is also `x`, as NixOS calls what it wraps.
 */
export function namesOfProcess(traits: ProcessTraits): ReadonlySet<string> {
  const called = calledName(traits.argv);
  const program = traits.exe === undefined ? undefined : baseOf(traits.exe.replace(/ \(deleted\)$/, ''));
  const names = [traits.comm, program, called, fullComm(traits)];
  for (const name of [program, called]) {
    const script = name === undefined ? undefined : scriptOf(unwrap(name), traits.argv);
    if (script !== undefined) names.push(script);
  }
  return new Set(names.flatMap((name) => (name ? [name, unwrap(name)] : [])));
}

/**
 * Whether it could be called so, though what is known of it does not say it: the program may not be seen, and the kernel
 * has cut its name, which nothing else completes.
 */
export function mayBeCalled(name: string, traits: ProcessTraits): boolean {
  const { comm, exe, argv } = traits;
  if (exe !== undefined || argv.length === 0 || Buffer.byteLength(comm) < commBytes) return false;
  if (fullComm(traits) !== undefined || `.${calledName(argv)}-wrapped`.startsWith(comm)) return false;
  return [name, `.${name}-wrapped`].some((full) => full !== comm && full.startsWith(comm));
}

/** TASK_COMM_LEN without its end: proc_pid_comm(5). */
const commBytes = 15;

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `wrapProgram` of nixpkgs puts a `_` behind a name that is taken, and may be used twice. */
function unwrap(name: string): string {
  const inner = /^\.(.+)-wrapped_*$/.exec(name)?.[1];
  return inner === undefined ? name : unwrap(inner);
}

/**
 * The last part of the path it was called by. A login shell has a dash before it. A title is one argument with spaces
 * (`nginx: worker process`), whose first word is a name, perhaps with a colon; what follows may hold paths of others.
 */
function calledName(argv: readonly string[]): string | undefined {
  const [first = '', ...rest] = argv;
  const title = /\s/.test(first) && rest.every((argument) => argument === '');
  const word = title ? (first.split(/\s/, 1)[0] ?? '').replace(/:$/, '') : first;
  return baseOf(word).replace(/^-/, '') || undefined;
}

/** What is started by `#!` has the script's name as `comm`, cut; the whole one is among the arguments. */
function fullComm({ comm, argv }: ProcessTraits): string | undefined {
  if (Buffer.byteLength(comm) < commBytes) return undefined;
  return argv
    .slice(0, 3)
    .map(baseOf)
    .find((name) => name.startsWith(comm) && !/\s/.test(name));
}

interface Interpreter {
  readonly called: RegExp;
  /** Options whose value is the next argument. */
  readonly valued?: RegExp;
  /** Options whose next argument is what is run. */
  readonly runs?: RegExp;
  /** Options behind which there is no script. */
  readonly inline?: RegExp;
}

const interpreters: readonly Interpreter[] = [
  { called: /^(ba|da|a|k|mk|z|fi)?sh$/, valued: /^([-+]o|-O|--rcfile|--init-file)$/, inline: /^-[a-z]*[cs]/ },
  { called: /^(python|pypy)[0-9.]*$/, valued: /^-[WX]$/, runs: /^-m$/, inline: /^-c/ },
  { called: /^perl[0-9.]*$/, valued: /^-I$/, inline: /^-[0acilnpstTwW]*[eE]$/ },
  { called: /^ruby[0-9.]*$/, valued: /^-[IrC]$/, inline: /^-e/ },
  {
    called: /^(node|nodejs)[0-9.]*$/,
    valued: /^(-r|-C|--require|--import|--loader|--experimental-loader|--conditions|--env-file)$/,
    inline: /^(-[a-z]*[ep]|--eval|--print)/,
  },
  { called: /^php[0-9.]*$/, valued: /^-[cd]$/, runs: /^(-f|--file)$/, inline: /^-[rBRE]/ },
  {
    called: /^java$/,
    valued: /^(-cp|-classpath|--class-path|-p|--module-path|--add-modules|--add-opens|--add-exports|--add-reads)$/,
    runs: /^(-jar|-m|--module)$/,
  },
  { called: /^(lua|luajit|tclsh|wish|guile|Rscript|raku|mono|dotnet|escript|gjs)[0-9.]*$/, inline: /^-[ec]/ },
];

/** The last part of the path of the script that an interpreter runs, by the options that are known of it. */
function scriptOf(name: string, argv: readonly string[]): string | undefined {
  const interpreter = interpreters.find(({ called }) => called.test(name));
  if (!interpreter) return undefined;
  for (let at = 1; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    if (argument === '--') return baseOf(argv[at + 1] ?? '') || undefined;
    if (interpreter.runs?.test(argument)) return baseOf(argv[at + 1] ?? '') || undefined;
    if (argument === '-' || interpreter.inline?.test(argument)) return undefined;
    if (interpreter.valued?.test(argument)) at += 1;
    else if (!/^[-+]./.test(argument)) return baseOf(argument) || undefined;
  }
  return undefined;
}
