import type { Target } from '../model.js';
import type { Transport, TransportOptions } from '../transport.js';
export async function openOpenssh(_target: Target, _options: TransportOptions): Promise<Transport> {
  throw new Error('soon');
}
