import type { Value } from '../model.js';
import { currentName, type Resource } from '../resource.js';
import { defaultKeys } from './keys.js';
import { type LiteralForm, readLiteral } from './literal.js';
import { type SpecFile, valueAt } from './node.js';
import type { Reader } from './per-target.js';

/** What `defaults` say about the entries of one file and resource type: of options, and of parameters. */
export interface DefaultValues {
  readonly options: ReadonlyMap<string, Value>;
  readonly params: { readonly [name: string]: Value };
}

/**
 * Reads `defaults` once for each file and resource type, so that their mistakes are told once. What stands for the type
 * goes before what stands for all; a file's own go before those of the file that includes it.
 */
export class Defaults {
  private readonly known = new Map<SpecFile, Map<string, DefaultValues>>();

  constructor(private readonly reader: Reader) {}

  valuesFor(file: SpecFile, resource: Resource): DefaultValues {
    const ofFile = this.known.get(file) ?? new Map<string, DefaultValues>();
    this.known.set(file, ofFile);
    const known = ofFile.get(resource.name);
    if (known) return known;
    const inherited = file.includedBy && this.valuesFor(file.includedBy, resource);
    const values = this.read(file, resource, inherited);
    ofFile.set(resource.name, values);
    return values;
  }

  private read(file: SpecFile, resource: Resource, inherited: DefaultValues | undefined): DefaultValues {
    const general = valueAt(file.root, 'defaults');
    const special = valueAt(general, resource.name);
    const pick = (key: string, form: LiteralForm, places: readonly (typeof general)[]): Value | undefined => {
      const node = places.map((place) => valueAt(place, key)).find((one) => one !== undefined);
      return node && readLiteral(form, node, this.reader.variables, this.reader.report);
    };
    const options = new Map(inherited?.options);
    for (const [key, form] of Object.entries(defaultKeys)) {
      const value = pick(key, form, [special, general]);
      if (value !== undefined) options.set(key, value);
    }
    const params = { ...inherited?.params };
    for (const [key, form] of Object.entries(resource.params)) {
      const value = pick(key, form, [special]);
      if (value !== undefined) params[currentName(resource.params, key)] = value;
    }
    return { options, params };
  }
}
