import t from 'tap';
import { findAt } from '../src/gjson.js';
import { parsePath } from '../src/gjson-path.js';
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
    ['children.01', 'Alex'],
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
    ['friends.#(age=="47")#.age', [47]],
    ['children.#(==1)', undefined],
    ['friends.#(age==x)', undefined],
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
    ['friends.#[last="Murphy"].first', 'Dale'],
    ['friends.#(last="Murphy")#.0', []],
    ['friends.#(last="Murphy")#.#', []],
    ['friends.#(last="Murphy")#|first', undefined],
    ['friends.#(nothing==~null)#.first', ['Dale', 'Roger', 'Jane']],
    ['*.last', 'Anderson'],
    ['fr*.#.first', ['Dale', 'Roger', 'Jane']],
    ['*.x', undefined],
    ['children.@reverse', ['Jack', 'Alex', 'Sara']],
    ['children.@reverse.0', 'Jack'],
    ['children|@reverse|0', 'Jack'],
    ['name.@keys', ['first', 'last']],
    ['name.@values', ['Tom', 'Anderson']],
    ['name.@reverse', { last: 'Anderson', first: 'Tom' }],
    ['friends.#.nets|@flatten', ['ig', 'fb', 'tw', 'fb', 'tw', 'ig', 'tw']],
    ['[children,[children]].@flatten:{"deep":true}.#', 6],
    ['[children,[children]]|@flatten|#', 4],
    ['friends.#.{first}|@join', { first: 'Jane' }],
    ['age.@tostr', '37'],
    ['name.first.@tostr', '"Tom"'],
    ['name.first.@tostr|@fromstr', 'Tom'],
    ['name|@fromstr|first', 'Tom'],
    ['name.first.@fromstr', undefined],
    ['@this|age', 37],
    ['age.@pretty:{"sortKeys":true}', 37],
    ['@dig:vip', [true]],
    ['@dig:ok|0', true],
    [
      '{name.first,age,"the_murphys":friends.#(last="Murphy")#.first}',
      { first: 'Tom', age: 37, the_murphys: ['Dale', 'Jane'] },
    ],
    ['{first:name.first,fav\\.movie,friends.#}', { first: 'Tom', 'fav.movie': 'Deer Hunter', _: 3 }],
    ['{name.*t,x.y}', { '*t': 'Tom' }],
    ['[name.first,none,age]', ['Tom', 37]],
    ['{name.first,"company":!"Happysoft","employed":!true}', { first: 'Tom', company: 'Happysoft', employed: true }],
    ['friends.#.[first,age].0', ['Dale', 'Roger', 'Jane']],
    ['!{"a":[1,2]}.a.1', 2],
    ['none|@keys', undefined],
    ['none.@this', undefined],
    ['..#', 1],
    ['..0.age', 37],
    ['..#.age', [37]],
  ];
  for (const [path, found] of rows) t.same(findAt(json, parsePath(path)), found, path);
  t.equal(findAt([{ a: ')' }], parsePath('#(a==")").a')), ')', 'a bracket in quotes closes nothing');
  t.equal(findAt([{ a: 'x"y' }], parsePath('#(a=="x\\"y").a')), 'x"y', 'an escaped quote ends no string');
  t.equal(findAt([1, 2], parsePath('#')), 2);
  t.equal(findAt({ '@type': 'Person' }, parsePath('@type')), 'Person', 'what is no modifier is a key');
  t.equal(findAt({ '#text': 'x' }, parsePath('#text')), 'x');
  t.same(findAt({ a: [1, 2], b: [3] }, parsePath('@group')), [{ a: 1, b: 3 }, { a: 2 }]);
  const joined = findAt([JSON.parse('{"__proto__":{"x":1}}')], parsePath('@join'));
  t.equal(joined && (joined as { x?: unknown }).x, undefined, 'a key __proto__ stays a key');
  t.equal(findAt(JSON.parse('{"x":{"__proto__":1}}'), parsePath('{x.__proto__}.__proto__')), 1);
});

t.test('~ takes a value for a boolean', async (t) => {
  const vals = [1, 'data', true, false, '0', 0, '1', 1, 'true', false, null].map((b, at) =>
    at === 0 ? { a: 1, b: 'data' } : { a: at + 1, b },
  );
  const json: Value = {
    vals: [...vals.slice(0, 1), ...vals.slice(2).map((one, at) => ({ ...one, a: at + 2 })), { a: 11 }],
  };
  for (const [path, found] of [
    ['vals.#(b==~true)#.a', [2, 6, 7, 8]],
    ['vals.#(b==~false)#.a', [3, 4, 5, 9, 10, 11]],
    ['vals.#(b==~null)#.a', [10, 11]],
    ['vals.#(b==~*)#.a', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['vals.#(b!=~*)#.a', [11]],
  ] as const) {
    t.same(findAt(json, parsePath(path)), found, path);
  }
});

t.test('what is not supported, or no path', async (t) => {
  const rows: readonly (readonly [path: string, message: string])[] = [
    ['', 'an empty path; @this is the whole document'],
    ['a..b', 'an empty key in "a..b"'],
    ['.a', 'an empty key in ".a"'],
    ['a.', 'an empty key in "a."'],
    ['a|', 'an empty key in "a|"'],
    ['a\\', 'a backslash at the end escapes nothing'],
    ['a|{b', '"{b" is not closed by }'],
    ['[a,b', '"[a,b" is not closed by ]'],
    ['[a,]', 'an empty path; @this is the whole document'],
    ['{"a:b}', '"{\\"a:b}" is not closed by }'],
    ['!x', '"!x" is no JSON after the ! (\\! means the character)'],
    ['@dig:', '@dig takes a path: an empty path; @this is the whole document'],
    ['@this|@this|@this|@this|@this|@this', 'more than 5 modifiers and multipaths in one path'],
    ['..', 'an empty key in ".."'],
    ['a.#(b==1', '"#(b==1" is not closed by )'],
    ['a.#(b=="1)', '"#(b==\\"1)" is not closed by )'],
    ['a.#(b==1)x', '"x" cannot follow here'],
    ['a.#()', 'an empty query'],
    ['a.#(b==)', 'a query has nothing after its operator'],
    ['a.#(b~true)', '"~true" begins with no operator: one of == != <= >= !% = < > %'],
    ['a.#(b==~yes)', 'after ~ comes true, false, null or *, not "yes"'],
    ['a.#(b=="x" y)', '"\\"x\\" y" is no JSON string'],
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
