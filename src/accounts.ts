/** A line of passwd(5). */
export interface Account {
  readonly password: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

export type Accounts = ReadonlyMap<string, Account | 'broken'>;

/** passwd(5). */
export function readAccounts(lines: readonly string[]): Accounts {
  const accounts = new Map<string, Account | 'broken'>();
  for (const line of lines) {
    const [name = '', password = '', uid = '', gid = '', comment = '', home, shell] = line.split(':');
    const whole = home !== undefined && shell !== undefined && /^\d+$/.test(uid) && /^\d+$/.test(gid);
    accounts.set(name, whole ? { password, uid: Number(uid), gid: Number(gid), comment, home, shell } : 'broken');
  }
  return accounts;
}
