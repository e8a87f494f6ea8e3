import type { Clock } from "../base/clock.ts";
import type { Difference } from "../job/result.ts";
import { keyText } from "./key-text.ts";
import { judge, type Rules, type Verdict } from "./judge.ts";
import type { Found, SuspectReader } from "./read-again.ts";
import type { Suspect } from "./suspects.ts";

export interface SettleRules extends Rules {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Rounds at most, and the pause before each but the first. */
  readonly rounds: number;
  readonly roundSeconds: number;
  /** Waits until what the source held when it was called has been applied to the target; absent where nothing applies changes. */
  readonly awaitApplied: ((signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * True: a difference between two equal readings of the source is final at once, because the sides are quiescent or
   * `awaitApplied` makes sure the target has caught up. False: it is final only in the last round.
   */
  readonly decisive: boolean;
  /** Bytes of rows held at once. */
  readonly bytes: number;
  /** Suspects are read in this many groups at once where they are read by key. */
  readonly workers: number;
}

export interface BothSides {
  readonly source: readonly SuspectReader[];
  readonly target: readonly SuspectReader[];
}

/** What the rounds came to. */
export interface Settlement {
  /** At most as many as were asked for. */
  readonly differences: Difference[];
  /** Rows that differ, listed or not; the unsettled ones among them. */
  differenceCount: number;
  /** Rows whose source changed between both readings in every round. */
  unsettled: number;
  rejected: number;
  /** Suspects that turned out alike without a reject that explains them. */
  alike: number;
  /** Times that a source row changed between two readings. */
  moved: number;
}

export function emptySettlement(): Settlement {
  return { differences: [], differenceCount: 0, unsettled: 0, rejected: 0, alike: 0, moved: 0 };
}

interface Reading {
  readonly suspect: Suspect;
  readonly steady: boolean;
  readonly verdict: Verdict;
}

const KEYS_A_GROUP = 100;

/**
 * Settles suspects (engine rule R7): the source row is read, then the target row once the target has caught up with that reading, then
 * the source row again. Only what stays the same between both readings of the source is judged; the rest goes to the next round, and
 * after the last one is `unsettled`. Differences beyond `list` are counted, not kept.
 */
export async function settle(
  suspects: readonly Suspect[],
  sides: BothSides,
  rules: SettleRules,
  list: number,
  into: Settlement,
): Promise<void> {
  let left = suspects;
  for (let round = 1; left.length > 0; round++) {
    if (round > 1) await rules.clock.sleep(rules.roundSeconds * 1000, rules.signal);
    const last = round >= rules.rounds;
    const again: Suspect[] = [];
    for await (const reading of readRound(left, sides, rules)) {
      if (!last && (!reading.steady || (reading.verdict.difference !== undefined && !rules.decisive))) {
        again.push(reading.suspect);
      } else {
        conclude(reading, list, into);
      }
      if (!reading.steady) into.moved++;
    }
    left = again;
  }
}

function conclude({ suspect, steady, verdict }: Reading, list: number, into: Settlement): void {
  const { difference, rows, rejected } = verdict;
  into.rejected += rejected;
  if (steady && difference === undefined) {
    if (!verdict.explained) into.alike++;
    return;
  }
  into.differenceCount += steady ? rows : 1;
  if (!steady) into.unsettled++;
  if (into.differences.length >= list) return;
  into.differences.push(
    steady ? difference! : { kind: "unsettled", key: difference?.key ?? keyText(suspect.key), columns: difference?.columns ?? [] },
  );
}

async function* readRound(suspects: readonly Suspect[], sides: BothSides, rules: SettleRules): AsyncGenerator<Reading> {
  const ways = new Map<string, { source: SuspectReader; target: SuspectReader; suspects: Suspect[] }>();
  for (const suspect of suspects) {
    const source = sides.source.findIndex((reader) => reader.can(suspect));
    const target = sides.target.findIndex((reader) => reader.can(suspect));
    const way = ways.get(`${source}/${target}`);
    if (way === undefined)
      ways.set(`${source}/${target}`, { source: sides.source[source]!, target: sides.target[target]!, suspects: [suspect] });
    else way.suspects.push(suspect);
  }
  for (const { source, target, suspects: together } of ways.values()) {
    // A reader that goes through everything takes all suspects at once; readers by key go in small groups, several at a time.
    const [keys, wide] = source.byKey && target.byKey ? [KEYS_A_GROUP, rules.workers] : [Infinity, 1];
    const groups = grouped(together, keys, rules.bytes / wide / 3);
    for (let at = 0; at < groups.length; at += wide) {
      const read = await Promise.all(groups.slice(at, at + wide).map((group) => readGroup(group, source, target, rules)));
      yield* read.flat();
    }
  }
}

async function readGroup(
  suspects: readonly Suspect[],
  source: SuspectReader,
  target: SuspectReader,
  rules: SettleRules,
): Promise<Reading[]> {
  const { signal } = rules;
  const before = await source.read(suspects, signal);
  await rules.awaitApplied?.(signal);
  const there = await target.read(suspects, signal);
  const after = await source.read(suspects, signal);
  return suspects.map((suspect, i) => ({
    suspect,
    steady: sameRows(before[i]!, after[i]!),
    verdict: judge(suspect, after[i]!, there[i]!, rules),
  }));
}

function sameRows(a: Found, b: Found): boolean {
  return (
    a.count === b.count && a.refused === b.refused && a.rejected === b.rejected && a.rows.every(({ hash }, i) => hash === b.rows[i]?.hash)
  );
}

function grouped(suspects: readonly Suspect[], keys: number, bytes: number): Suspect[][] {
  const groups: Suspect[][] = [];
  let held = 0;
  for (const suspect of suspects) {
    const group = groups.at(-1);
    if (group === undefined || group.length >= keys || held + suspect.bytes > bytes) {
      groups.push([suspect]);
      held = suspect.bytes;
    } else {
      group.push(suspect);
      held += suspect.bytes;
    }
  }
  return groups;
}
