/** How the cases of one SDK ended. */
export interface Tally {
  readonly sdk: string;
  passed: number;
  failed: number;
  /** Calls the embedded store does not have yet, and refused as the service would. */
  notYet: number;
  seconds: number;
  /** Why nothing was run: the way out of a missing toolchain. */
  skipped?: string;
}

export function newTally(sdk: string): Tally {
  return { sdk, passed: 0, failed: 0, notYet: 0, seconds: 0 };
}

/** A table of totals by SDK, and the closing line that says what became of all of it. */
export function totals(tallies: readonly Tally[]): string {
  const head = ["SDK", "passed", "failed", "not yet", "seconds"];
  const rows = tallies.map(({ sdk, passed, failed, notYet, seconds, skipped }) =>
    skipped === undefined ? [sdk, passed, failed, notYet, seconds.toFixed(0)].map(String) : [sdk, "–", "–", "–", "skipped"],
  );
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ");
  const sum = (amount: (tally: Tally) => number) => tallies.reduce((total, tally) => total + amount(tally), 0);
  const skips = sum(({ skipped }) => (skipped === undefined ? 0 : 1));
  const closing = `${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed${skips === 0 ? "" : `, ${skips} skipped`}`;
  return [line(head), ...rows.map(line), "", closing].join("\n");
}

/** Nothing failed, and something was run: a run without any case proves nothing. */
export function succeeded(tallies: readonly Tally[]): boolean {
  return tallies.every(({ failed, passed, skipped }) => failed === 0 && (passed > 0 || skipped !== undefined));
}
