import t from 'tap';
import { type Stoppable, stopMachine } from '../../src/vm/stop.js';

const limits = { poweroff: 0.3, powerdown: 0.2, quit: 0.2 };

/** A machine that ends by one of the ways, or by none. */
function makeMachine(way: string) {
  const asked: string[] = [];
  let end = (_: number | undefined) => {};
  const exited = new Promise<number | undefined>((resolve) => {
    end = resolve;
  });
  const qmp = {
    async execute(command: string) {
      asked.push(command);
      if (command === way) end(0);
      return {};
    },
    close: () => void asked.push('close'),
  };
  const release = async () => void asked.push('release');
  return { machine: { qmp, exited, release } satisfies Stoppable, asked };
}

for (const { way, asked, clean } of [
  { way: 'system_powerdown', asked: ['system_powerdown', 'close', 'release'], clean: true },
  { way: 'quit', asked: ['system_powerdown', 'quit', 'close', 'release'], clean: false },
  { way: 'nothing', asked: ['system_powerdown', 'quit', 'close', 'release'], clean: false },
]) {
  t.test(`a machine that ends by ${way}`, async (t) => {
    const made = makeMachine(way);
    t.equal(await stopMachine(made.machine, undefined, new AbortController().signal, limits), clean);
    t.same(made.asked, asked);
  });
}

t.test('interrupted, nobody waits for a clean end', async (t) => {
  const early = makeMachine('nothing');
  t.equal(await stopMachine(early.machine, undefined, AbortSignal.abort(), limits), false);
  t.same(early.asked, ['quit', 'close', 'release']);

  const late = makeMachine('quit');
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const began = performance.now();
  await stopMachine(late.machine, undefined, controller.signal, { ...limits, powerdown: 30 });
  t.ok(performance.now() - began < 5000);
  t.same(late.asked, ['system_powerdown', 'quit', 'close', 'release']);
});

t.test('a QEMU that does not answer is ended by its supervisor', async (t) => {
  const { machine, asked } = makeMachine('nothing');
  t.equal(await stopMachine({ ...machine, qmp: undefined }, undefined, new AbortController().signal, limits), false);
  t.same(asked, ['release']);
});
