import { parseJson } from '../json-text.js';
import type { NoReading, Value } from '../model.js';
import { absentReading } from '../resource.js';
import { parseYamlData } from '../yaml-data.js';

type Texts = { readonly [key: string]: string };

/** Ways to read the contents of a file; each a property of its own. A file that is not of that kind has none. */
export const formats = {
  json: readJson,
  yaml: readYaml,
  ini: readIni,
  settings: readSettings,
} as const satisfies { readonly [name: string]: (text: string) => Value | NoReading };

function readJson(text: string): Value | NoReading {
  const parsed = parseJson(text);
  return 'value' in parsed ? parsed.value : absentReading(text.trim() === '' ? 'it is empty' : 'it is not JSON');
}

function readYaml(text: string): Value | NoReading {
  const parsed = parseYamlData(text);
  return 'value' in parsed ? parsed.value : absentReading(`it cannot be read as YAML: ${parsed.mistake}`);
}

/** `section.key`, and `key` before the first section; both may hold dots and spaces. */
function readIni(text: string): Texts {
  const values = new Map<string, string>();
  for (const { section, line } of listLines(text)) {
    const [key, value] = splitIniLine(line);
    addValue(values, section === undefined ? key : `${section}.${key}`, value);
  }
  return Object.fromEntries(values);
}

/** What stands before the first heading, as a word and the rest of the line. */
function readSettings(text: string): Texts {
  const values = new Map<string, string>();
  for (const { section, line } of listLines(text)) if (section === undefined) addValue(values, ...splitSetting(line));
  return Object.fromEntries(values);
}

/**
 * There is no standard, so that only what all kinds share is read: comments are whole lines, a value ends with its line,
 * and one pair of quotes around it is no part of it. Which of several values under one key counts, each program has its
 * own mind about: all are told, a line for each.
 */
function* listLines(text: string): Generator<{ readonly section?: string; readonly line: string }> {
  let section: string | undefined;
  for (const line of text.split(/\r?\n/).map((line) => line.trim())) {
    const heading = /^\[(.+)\]$/.exec(line)?.[1]?.trim();
    if (heading !== undefined) section = heading;
    else if (line !== '' && !/^[#;]/.test(line)) yield { line, ...(section !== undefined && { section }) };
  }
}

function addValue(values: Map<string, string>, key: string, written: string): void {
  const value = /^(["'])(.*)\1$/.exec(written)?.[2] ?? written;
  const before = values.get(key);
  values.set(key, before === undefined ? value : `${before}\n${value}`);
}

/** `ID=nixos`, `PermitRootLogin no`, `export LANG=C`: the first word, whatever follows it. */
function splitSetting(line: string): [string, string] {
  const [, key = '', value = ''] = /^(?:export\s+)?([^\s=:]+)\s*[=:]?\s*(.*)$/.exec(line) ?? [];
  return [key, value];
}

function splitIniLine(line: string): [string, string] {
  const [, key, value = ''] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
  return key === undefined ? [line, ''] : [key, value];
}
