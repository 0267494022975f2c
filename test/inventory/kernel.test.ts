import t from 'tap';
import { compareKernels, readKernel } from '../../src/inventory/kernel.js';
import { readSections } from '../../src/shell/sections.js';

function read(text: string, exit = 0, said = '') {
  const stdout = Buffer.from(`${text}\n=kernel ${exit}\n`);
  return readKernel(readSections({ stdout, stderr: Buffer.from(`${said}\n=kernel ${exit}\n`) }));
}

function nixos(bootedKernel: string): string {
  const store = (name: string) => `/nix/store/0c3mxq7ckgwlvqk8cpsa3mm4fmzlrjsg-${name}`;
  return [
    'running 6.12.58',
    'boot 56506916-eadc-4cd3-a7e4-19923c307864',
    'next /run/current-system/kernel-modules/lib/modules/6.12.60',
    ...(['current', 'booted'] as const).flatMap((which) => [
      `link /run/${which}-system ${store(which)}`,
      `link /run/${which}-system/kernel ${store(which === 'booted' ? bootedKernel : 'linux')}/bzImage`,
      `link /run/${which}-system/initrd ${store('initrd')}/initrd`,
      `link /run/${which}-system/kernel-modules ${store('modules')}`,
    ]),
  ].join('\n');
}

t.test('the kernel', async (t) => {
  const boot = '56506916-eadc-4cd3-a7e4-19923c307864';
  for (const [name, text, expected] of [
    ['Debian', `running 6.12.57+deb13-amd64\nboot ${boot}`, { running: '6.12.57+deb13-amd64', boot }],
    ['Debian asks for a reboot', 'running 6.12\nreboot needed', { running: '6.12', rebootNeeded: true }],
    ['NixOS', nixos('linux'), { running: '6.12.58', next: '6.12.60', rebootNeeded: false, boot }],
    ['NixOS after a switch', nixos('older'), { running: '6.12.58', next: '6.12.60', rebootNeeded: true, boot }],
    [
      'a NixOS container',
      'running 6.12\nlink /run/booted-system /run/booted-system\nlink /run/current-system /nix/store/x',
      { running: '6.12' },
    ],
  ] as const) {
    t.same(read(text), { status: 'known', value: expected }, name);
  }
  t.same(readKernel(new Map()), { status: 'unknown', reason: '/proc was not run to its end' });
  t.same(read(''), { status: 'unknown', reason: '/proc/sys/kernel/osrelease could not be read' });
});

t.test('comparing', async (t) => {
  const kernel = { running: '6.12.58', next: '6.12.58', rebootNeeded: false, boot: 'one' };
  const about = (kind: string, words = {}) => ({ section: 'kernel', kind, subject: '', ...words });
  for (const [name, after, sameMachine, expected] of [
    ['the same', kernel, true, []],
    [
      'a switch brought another kernel',
      { ...kernel, next: '6.12.60', rebootNeeded: true },
      true,
      [about('reboot-needed', { before: '6.12.58', after: '6.12.60' })],
    ],
    [
      'another initrd',
      { ...kernel, rebootNeeded: true },
      true,
      [about('reboot-needed', { before: '6.12.58', after: '6.12.58' })],
    ],
    [
      'after the reboot',
      { ...kernel, running: '6.12.60', next: '6.12.60', boot: 'two' },
      true,
      [about('changed', { before: '6.12.58', after: '6.12.60' }), about('rebooted')],
    ],
    ['another machine', { ...kernel, boot: 'two' }, false, []],
    ['what is not known', { running: '6.12.58' }, true, []],
  ] as const) {
    t.same(compareKernels(kernel, after, sameMachine), expected, name);
  }
  t.same(
    compareKernels({ ...kernel, rebootNeeded: true }, { ...kernel, rebootNeeded: true }, true),
    [],
    'it was needed before',
  );
});
