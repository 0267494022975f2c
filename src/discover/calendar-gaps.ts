/**
 * The longest time in seconds between two turns of each calendar, by its normalized form, from what
 * `systemd-analyze calendar --iterations=N` prints (systemd-analyze(1)). A calendar of one turn has none.
 */
export function longestGaps(lines: readonly string[]): ReadonlyMap<string, number> {
  const gaps = new Map<string, number>();
  let expression: string | undefined;
  let before: number | undefined;
  for (const line of lines) {
    const [, name, value] = /^ *([^:]+): (.*)$/.exec(line) ?? [];
    if (name === 'Normalized form') {
      expression = value;
      before = undefined;
    } else if (expression !== undefined && (name === 'Next elapse' || name?.startsWith('Iteration #'))) {
      const time = readTurn(value);
      if (time === undefined) continue;
      if (before !== undefined) gaps.set(expression, Math.max(gaps.get(expression) ?? 0, time - before));
      before = time;
    }
  }
  return gaps;
}

/** `Mon 2024-01-01 00:15:00 UTC`, to epoch seconds. */
function readTurn(text: string | undefined): number | undefined {
  const [, date, time] = /^(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})/.exec(text ?? '') ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${time}Z`) / 1000;
}
