import t from 'tap';
import { findAt, parsePath } from '../src/gjson.js';
import type { Value } from '../src/model.js';

const json: Value = {
  name: { first: 'Tom', last: 'Anderson' },
  age: 37,
  children: ['Sara', 'Alex', 'Jack'],
  'fav.movie': 'Deer Hunter',
  'a|b': 1,
  'st*r': 2,
  '1': 'one',
  '#': 'hash',
  empty: [],
  nothing: null,
  friends: [
    { first: 'Dale', last: 'Murphy', age: 44, nets: ['ig', 'fb', 'tw'] },
    { first: 'Roger', last: 'Craig', age: 68, nets: ['fb', 'tw'], vip: true },
    { first: 'Jane', last: 'Murphy', age: 47, nets: ['ig', 'tw'] },
  ],
  users: { 'key (1)': { ok: true } },
};

t.test('paths of the GJSON syntax page', async (t) => {
  const rows: readonly (readonly [path: string, found: Value | undefined])[] = [
    ['name.last', 'Anderson'],
    ['age', 37],
    ['@this.age', 37],
    ['nothing', null],
    ['nothing.x', undefined],
    ['age.x', undefined],
    ['name|last', 'Anderson'],
    ['children', ['Sara', 'Alex', 'Jack']],
    ['children.#', 3],
    ['children|#', 3],
    ['empty.#', 0],
    ['name.#', undefined],
    ['children.1', 'Alex'],
    ['children.3', undefined],
    ['children.-1', undefined],
    ['children.01', undefined],
    ['children.length', undefined],
    ['1', 'one'],
    ['child*.2', 'Jack'],
    ['c?ildren.0', 'Sara'],
    ['c?ldren.0', undefined],
    ['*e.first', 'Tom'],
    ['fav\\.movie', 'Deer Hunter'],
    ['fav.movie', undefined],
    ['fav*', 'Deer Hunter'],
    ['a\\|b', 1],
    ['st\\*r', 2],
    ['st\\?r', undefined],
    ['\\#', 'hash'],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['name.toString', undefined],
    ['friends.1.last', 'Craig'],
    ['friends.#.first', ['Dale', 'Roger', 'Jane']],
    ['friends.#.vip', [true]],
    ['friends.#.none', []],
    ['friends.#.nets.#', [3, 2, 2]],
    ['friends.#.first|#', 3],
    ['friends.#.first|1', 'Roger'],
    ['friends.#.first.1', []],
    ['friends.#(last=="Murphy").first', 'Dale'],
    ['friends.#(last=="Murphy")#.first', ['Dale', 'Jane']],
    ['friends.#(last=="Murphy")#|#', 2],
    ['friends.#(last=="Murphy")#|0.age', 44],
    ['friends.#(last=="Murphy")#|#.age', [44, 47]],
    ['friends.#(last==Murphy).first', 'Dale'],
    ['friends.#( last = "Craig" ).first', 'Roger'],
    ['friends.#(last=="None").first', undefined],
    ['friends.#(last=="None")#', []],
    ['friends.#(age>45)#.last', ['Craig', 'Murphy']],
    ['friends.#(age>=47)#.age', [68, 47]],
    ['friends.#(age<47)#.age', [44]],
    ['friends.#(age<=47)#.age', [44, 47]],
    ['friends.#(age!=47)#.age', [44, 68]],
    ['friends.#(age=="47")#.age', []],
    ['friends.#(first<"E")#.first', ['Dale']],
    ['friends.#(first%"D*").last', 'Murphy'],
    ['friends.#(first!%"D*")#.first', ['Roger', 'Jane']],
    ['friends.#(first%"?a?e")#.first', ['Dale', 'Jane']],
    ['friends.#(vip==true).first', 'Roger'],
    ['friends.#(vip).first', 'Roger'],
    ['friends.#(nets.#(=="ig"))#.first', ['Dale', 'Jane']],
    ['friends.#(nets.#==2)#.first', ['Roger', 'Jane']],
    ['children.#(!%"*a*")', 'Alex'],
    ['children.#(%"*a*")#', ['Sara', 'Jack']],
    ['children.#(=="Alex")', 'Alex'],
    ['users.key (1).ok', true],
    ['users.#(ok==true)', undefined],
  ];
  for (const [path, found] of rows) t.same(findAt(json, parsePath(path)), found, path);
  t.equal(findAt([{ a: ')' }], parsePath('#(a==")").a')), ')', 'a bracket in quotes closes nothing');
  t.equal(findAt([{ a: 'x"y' }], parsePath('#(a=="x\\"y").a')), 'x"y', 'an escaped quote ends no string');
  t.equal(findAt([1, 2], parsePath('#')), 2);
});

t.test('what is not supported, or no path', async (t) => {
  const rows: readonly (readonly [path: string, message: string])[] = [
    ['', 'an empty path; @this is the whole document'],
    ['a..b', 'an empty key in "a..b"'],
    ['.a', 'an empty key in ".a"'],
    ['a.', 'an empty key in "a."'],
    ['a|', 'an empty key in "a|"'],
    ['a\\', 'a backslash at the end escapes nothing'],
    ['a|@reverse', '"@reverse" is a modifier, and only @this is supported (\\@ means the character)'],
    ['{a,b}', 'multipaths are not supported (\\{ means the character)'],
    ['a.[b,c]', 'multipaths are not supported (\\[ means the character)'],
    ['!"x"', 'literals are not supported (\\! means the character)'],
    ['#x', 'after # comes a dot, a pipe or a (query), not "x" (\\# is the character)'],
    ['a.#(b==1', '"#(b==1" is not closed by )'],
    ['a.#(b=="1)', '"#(b==\\"1)" is not closed by )'],
    ['a.#(b==1)x', '"x" cannot follow here'],
    ['a.#()', 'an empty query'],
    ['a.#(b==)', 'a query has nothing after its operator'],
    ['a.#(b~true)', '"~true" begins with no operator: one of == != <= >= !% = < > %'],
    ['a.#(b=="x"y")', '"#(b==\\"x\\"y\\")" is not closed by )'],
    ['x'.repeat(1001), 'a path of more than 1000 characters'],
  ];
  for (const [path, message] of rows) t.throws(() => parsePath(path), { message }, path);
});

t.test('wildcards cannot run away', async (t) => {
  const start = performance.now();
  t.equal(findAt({ ['a'.repeat(20_000)]: 1 }, parsePath(`${'a*'.repeat(100)}b`)), undefined);
  t.ok(performance.now() - start < 2000);
});
