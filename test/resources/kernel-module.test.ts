import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import kernelModule from '../../src/resources/kernel-module.js';
import { ask, observe, read, shellProbes, shells } from '../run-script.js';

const everything = Object.keys(kernelModule.properties);
const modules = `nf_nat 45056 2 nft_nat,nft_masq, Live 0x0000000000000000
nf_conntrack 200704 3 nf_nat, Live 0x0000000000000000 (E)
wireguard 98304 0 - Live 0x0000000000000000
=modules 0
`;
const builtIn = 'kernel/drivers/block/loop.ko\nkernel/crypto/aes-generic.ko\n=builtin 0\n';
const folders = 'nf_conntrack\nloop\ncore_thing\n=folders 0\n';
const values = `/sys/module/nf_conntrack/parameters/hashsize\x0065536
/sys/module/nf_conntrack/parameters/odd\0a
/sys/module/nf_conntrack/parameters/odd\0b
/sys/module/loop/parameters/max_loop\x0064
/sys/module/wireguard/version\x001.0.0
=values 2
`;
const valuesSaid = `=modules 0
=builtin 0
=folders 0
grep: /sys/module/nf_conntrack/parameters/secret: Permission denied
=values 2
`;
const modprobe = `blacklist pcspkr
blacklist aes-generic
install usb_storage /bin/false
install cramfs /run/current-system/sw/bin/true
install snd /sbin/modprobe --ignore-install snd
=modprobe 0
`;
const absent = (reason: string) => ({ noReading: 'absent', reason });
const unknown = (reason: string) => ({ noReading: 'unknown', reason });
const notLoaded = absent('it is not loaded');

function look(name: string, stdout: string, stderr = '') {
  const query = ask(kernelModule, name, everything);
  return read(kernelModule, [query], { stdout, stderr }).get(query.id);
}

t.test('modules', async (t) => {
  const all = modules + builtIn + folders + values + modprobe;
  const free = { blacklisted: false, disabled: false };
  for (const [name, readings] of [
    [
      'nf_conntrack',
      {
        exists: true,
        loaded: true,
        'built-in': false,
        'used-by': ['nf_nat'],
        parameters: { hashsize: '65536', odd: 'a\nb', secret: unknown('it could not be read: Permission denied') },
        version: absent('it tells no version'),
        ...free,
      },
    ],
    ['nf_nat', { loaded: true, 'used-by': ['nft_masq', 'nft_nat'], parameters: {} }],
    ['wireguard', { loaded: true, 'used-by': [], version: '1.0.0' }],
    ['loop', { loaded: true, 'built-in': true, 'used-by': absent('it is built in'), parameters: { max_loop: '64' } }],
    ['aes_generic', { loaded: true, 'built-in': true, blacklisted: true }],
    ['core_thing', { loaded: true, 'built-in': true }],
    [
      'usb_storage',
      {
        exists: false,
        loaded: false,
        'built-in': notLoaded,
        'used-by': notLoaded,
        parameters: notLoaded,
        version: notLoaded,
        blacklisted: false,
        disabled: true,
      },
    ],
    ['cramfs', { loaded: false, disabled: true }],
    ['pcspkr', { loaded: false, blacklisted: true, disabled: false }],
    ['snd', { loaded: false, blacklisted: false, disabled: false }],
  ] as const) {
    t.match(look(name, all, valuesSaid), { status: 'known', readings }, name);
  }
  t.equal(kernelModule.subject.normalize?.('usb-storage'), 'usb_storage');
  t.notMatch('../x', kernelModule.subject.pattern);
});

t.test('what cannot be told', async (t) => {
  const noModules = unknown('the kernel does not tell its modules: there is no /proc/modules');
  t.match(look('usb_storage', `=modules 1\n${builtIn}${folders}`), {
    readings: { exists: noModules, loaded: noModules, parameters: noModules },
  });
  t.match(look('loop', `=modules 1\n${builtIn}${folders}`), { readings: { loaded: true, 'built-in': true } });
  const noList = unknown('it may be built in: there is no modules.builtin of the running kernel');
  t.match(look('usb_storage', `${modules}=builtin 1\n${folders}`), { readings: { loaded: noList } });
  t.match(look('wireguard', `${modules}=builtin 1\n${folders}`), { readings: { loaded: true } });
  const stderr = '=modules 0\n=builtin 0\n=folders 0\nsh: 9: modprobe: not found\n=modprobe 1\n';
  const noTool = unknown('modprobe gave no answer: sh: 9: modprobe: not found');
  t.match(look('loop', `${modules}${builtIn}${folders}=modprobe 1\n`, stderr), {
    readings: { blacklisted: noTool, disabled: noTool },
  });
  t.match(look('loop', `${modules}${builtIn}${folders}=modprobe 1\n`), { readings: { blacklisted: false } });
  t.strictSame(look('loop', modules), { status: 'unknown', reason: 'the answer is not whole' });
});

t.test('this machine, in every shell', async (t) => {
  const folder = '/sys/module/loop/parameters';
  const skip = (() => {
    try {
      return !readdirSync(folder).includes('max_loop');
    } catch {
      return true;
    }
  })();
  if (skip) return t.pass('it has no loop devices');
  const query = ask(kernelModule, 'loop', ['loaded', 'parameters']);
  for (const shell of shells) {
    t.match(observe(kernelModule, [query], shell).get(query.id), {
      readings: { loaded: true, parameters: { max_loop: readFileSync(`${folder}/max_loop`, 'utf8').trim() } },
    });
  }
});

t.test('only what is wanted is asked', async (t) => {
  t.notMatch(shellProbes(kernelModule, [ask(kernelModule, 'loop', ['loaded'])])[0]?.script.raw, /grep|modprobe/);
  const many = Array.from({ length: 1000 }, (_, at) => ask(kernelModule, `module_${at}`, everything));
  t.equal(shellProbes(kernelModule, many)[0]?.script.raw.match(/(grep -|cat [/"]|modprobe --|uname -)/g)?.length, 6);
});
