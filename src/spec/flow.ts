import { stringify } from 'yaml';
import type { Value } from '../model.js';

/** YAML on one line, without the outer braces: `memory: { le: 512MiB }`. */
export function flow(value: Value): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim();
  return text.replace(/^\{ (.*) \}$/s, '$1').replaceAll('\n', ' ');
}
