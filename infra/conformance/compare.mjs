// Says where two runs of the suite differ, and which differences are known and why.

/** @returns `{scenario, check, direct, tapped, message}` for each check that is not the same in both; `absent` where one run lacks it. */
export function differences(direct, tapped) {
  const key = ({ scenario, check }) => `${scenario}\u0000${check}`;
  const [before, after] = [direct, tapped].map((run) => new Map(run.checks.map((entry) => [key(entry), entry])));
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((name) => {
    const [left, right] = [before.get(name), after.get(name)];
    if (left?.status === right?.status) return [];
    const { scenario, check } = left ?? right;
    return [{ scenario, check, direct: left?.status ?? 'absent', tapped: right?.status ?? 'absent', message: right?.errorMessage ?? left?.errorMessage ?? '' }];
  });
}

/**
 * @param expected  `[{reason, scenarios}]`: scenarios that do differ, and why.
 * @returns the differences nobody expects, and the expected ones that did not come.
 */
export function judge(found, expected) {
  const listed = new Set(expected.flatMap(({ scenarios }) => scenarios));
  const differing = new Set(found.map(({ scenario }) => scenario));
  return {
    unexpected: found.filter(({ scenario }) => !listed.has(scenario)),
    stale: [...listed].filter((scenario) => !differing.has(scenario)),
  };
}

/** Rows `[what, direct, tapped, differences]` as text. */
export function table(rows) {
  const lines = [['suite', 'direct ✓/✗', 'through the tap ✓/✗', 'checks that differ', 'not expected'], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
}
