import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Why certificates cannot be made here; false where they can. */
export const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? (false as const) : 'needs the openssl command to make certificates';

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Makes certificates in a folder of its own, which `remove` takes away. */
export class CertificateMaker {
  private readonly folder = mkdtempSync(join(tmpdir(), 'nixspec-certificates-'));
  private count = 0;

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** A path for the text in a file. */
  path(name: string): string {
    return join(this.folder, name);
  }

  selfSigned(subject: string, days = 100, key: readonly string[] = ec): Pair {
    const file = this.next();
    const words = ['-x509', ...key, '-nodes', '-keyout', `${file}.key`, '-out', `${file}.pem`, '-days', `${days}`];
    this.openssl(['req', ...words, '-subj', subject]);
    return this.read(file);
  }

  /** Signed by another: a negative number of days is a certificate that has ended. */
  signed(by: Pair, subject: string, names: string, days = 90, extensions: readonly string[] = []): Pair {
    const [file, issuer] = [this.next(), this.find(by)];
    const more = [`subjectAltName=${names}`, ...extensions].flatMap((one) => ['-addext', one]);
    this.openssl([
      'req',
      '-new',
      ...ec,
      '-nodes',
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.csr`,
      '-subj',
      subject,
      ...more,
    ]);
    const words = ['-in', `${file}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-copy_extensions', 'copy'];
    this.openssl(['x509', '-req', ...words, '-days', `${days}`, '-out', `${file}.pem`]);
    return this.read(file);
  }

  private readonly files = new Map<string, string>();

  private next(): string {
    this.count += 1;
    return join(this.folder, String(this.count));
  }

  private find(pair: Pair): string {
    return this.files.get(pair.cert) ?? '';
  }

  private read(file: string): Pair {
    const pair = { cert: readFileSync(`${file}.pem`, 'utf8'), key: readFileSync(`${file}.key`, 'utf8') };
    this.files.set(pair.cert, file);
    return pair;
  }

  private openssl(words: readonly string[]): void {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
