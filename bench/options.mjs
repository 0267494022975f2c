// The command line of the benchmark.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `usage: npm run bench -- [options]
  --quick            fewer runs; the slow peers with 100 checks at most
  --runs N           of each contender at each stage (default 9, quick 5)
  --counts N,N       numbers of assertions (default 10,100,1000; at most 1000)
  --delays MS,MS     added round-trip times (default 0,20,80)
  --only WORD        contenders with this in their name; may be repeated
  --no-linear        without the growth to 10,000 assertions
  --cli FILE         another nixspec than dist/cli.js
  --out FILE         where the figures go (default bench/results.json)
`;

/** @returns options, or the text to show and the exit code */
export function readOptions(argv) {
  const path = (name) => fileURLToPath(new URL(name, import.meta.url));
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        quick: { type: 'boolean', default: false },
        runs: { type: 'string' },
        counts: { type: 'string', default: '10,100,1000' },
        delays: { type: 'string', default: '0,20,80' },
        only: { type: 'string', multiple: true, default: [] },
        'no-linear': { type: 'boolean', default: false },
        cli: { type: 'string', default: path('../dist/cli.js') },
        out: { type: 'string', default: path('results.json') },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { text: usage, exit: 0 };
    return {
      quick: values.quick,
      runs: readNumbers(values.runs ?? (values.quick ? '5' : '9'))[0],
      counts: readNumbers(values.counts).filter((count) => count <= 1000),
      delays: readNumbers(values.delays),
      only: values.only,
      linear: !values['no-linear'],
      cli: values.cli,
      out: values.out,
    };
  } catch (error) {
    return { text: `${error.message}\n${usage}`, exit: 64 };
  }
}

function readNumbers(text) {
  const numbers = text.split(',').map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number < 0))
    throw new Error(`"${text}" is not a list of numbers`);
  return numbers;
}
