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
  /** Columns told of one difference at most; left out: all. */
  readonly columnsMost?: number | undefined;
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
  /** Suspects that are not alike, for which a reject or a refusal of the mapping is the reason. */
  explained: number;
  /** Times that a row changed between two readings. */
  moved: number;
  /** What was to be settled: each of them is alike, explained, unsettled or differs. */
  suspects: number;
}

export function emptySettlement(): Settlement {
  return { differences: [], differenceCount: 0, unsettled: 0, rejected: 0, alike: 0, explained: 0, moved: 0, suspects: 0 };
}

interface Reading {
  readonly suspect: Suspect;
  readonly steady: boolean;
  readonly verdict: Verdict;
  /** Nothing of the source was found, and something may have come to the suspect's key since it was listed: it has to be searched for. */
  readonly search: boolean;
}

const KEYS_A_GROUP = 100;

/**
 * Settles suspects (engine rule R7): the source row is read, then the target row once the target has caught up with that reading, then
 * the source row again. Only what stays the same between both readings of the source is judged; the rest goes to the next round, and
 * after the last one is `unsettled`. Differences beyond `list` are counted, not kept.
 *
 * Where a stream is applied, a difference counts only when a second such reading, begun behind the first, finds both rows as they were.
 * One reading is not enough: a row that was not there can have come and gone again between two readings of the source, and its
 * coming be what the target showed. Then its going has been applied before the target is read a second time.
 */
export async function settle(
  suspects: readonly Suspect[],
  sides: BothSides,
  rules: SettleRules,
  list: number,
  into: Settlement,
): Promise<void> {
  let left = suspects;
  into.suspects += suspects.length;
  for (let round = 1; left.length > 0; round++) {
    if (round > 1) await rules.clock.sleep(rules.roundSeconds * 1000, rules.signal);
    const last = round >= rules.rounds;
    const again: Suspect[] = [];
    for await (const reading of readRound(left, sides, rules)) {
      const { steady, search, verdict } = reading;
      if (!last && search) again.push({ ...reading.suspect, sources: [], rejected: 0 });
      else if (!last && (!steady || (verdict.difference !== undefined && !rules.decisive))) again.push(reading.suspect);
      else conclude(search ? { ...reading, steady: false } : reading, rules, list, into);
      if (!steady) into.moved++;
    }
    left = again;
  }
}

function conclude({ suspect, steady, verdict }: Reading, { columnsMost }: SettleRules, list: number, into: Settlement): void {
  const { difference, rows, rejected, explained } = verdict;
  into.rejected += rejected;
  if (steady && difference === undefined) {
    if (explained) into.explained++;
    else into.alike++;
    return;
  }
  into.differenceCount += steady ? rows : 1;
  if (!steady) into.unsettled++;
  if (into.differences.length >= list) return;
  const key = difference?.key ?? keyText(suspect.key);
  const columns = difference?.columns.slice(0, columnsMost) ?? [];
  into.differences.push(steady ? { ...difference!, columns } : { kind: "unsettled", key, columns });
}

interface Way {
  readonly source: SuspectReader;
  readonly target: SuspectReader;
}

async function* readRound(suspects: readonly Suspect[], sides: BothSides, rules: SettleRules): AsyncGenerator<Reading> {
  const ways = new Map<string, Way & { suspects: Suspect[] }>();
  for (const suspect of suspects) {
    const source = sides.source.findIndex((reader) => reader.can(suspect));
    const target = sides.target.findIndex((reader) => reader.can(suspect));
    const way = ways.get(`${source}/${target}`);
    if (way === undefined)
      ways.set(`${source}/${target}`, { source: sides.source[source]!, target: sides.target[target]!, suspects: [suspect] });
    else way.suspects.push(suspect);
  }
  for (const way of ways.values()) yield* readWay(way.suspects, way, rules);
}

/** The same two readers for all; the target is waited for once, not once a group. Of a reading only what tells it apart is remembered. */
async function* readWay(suspects: readonly Suspect[], way: Way, rules: SettleRules): AsyncGenerator<Reading> {
  const { signal, awaitApplied } = rules;
  const firsts: Seen[] = [];
  for await (const found of inGroups(suspects, way, rules, (group) => way.source.read(group, signal))) firsts.push(seen(found));
  await awaitApplied?.(signal);
  const doubtful: (Both & { readonly suspect: Suspect })[] = [];
  let at = 0;
  for await (const { source, target, verdict } of inGroups(suspects, way, rules, (group) => readBoth(group, way, rules))) {
    const suspect = suspects[at]!;
    const steady = same(firsts[at++]!, source);
    if (steady && verdict.difference !== undefined && awaitApplied !== undefined) doubtful.push({ suspect, source, target });
    else yield readingOf(suspect, steady, verdict, way);
  }
  if (doubtful.length === 0) return;
  await awaitApplied?.(signal);
  const again = doubtful.map(({ suspect }) => suspect);
  at = 0;
  for await (const { source, target, verdict } of inGroups(again, way, rules, (group) => readBoth(group, way, rules))) {
    const before = doubtful[at++]!;
    yield readingOf(before.suspect, same(before.source, source) && same(before.target, target), verdict, way);
  }
}

function readingOf(suspect: Suspect, steady: boolean, verdict: Verdict, { source }: Way): Reading {
  return { suspect, steady, verdict, search: steady && verdict.difference?.kind === "extra" && !source.complete };
}

interface Both {
  readonly source: Seen;
  readonly target: Seen;
}

/** The target, then the source. */
async function readBoth(
  group: readonly Suspect[],
  { source, target }: Way,
  rules: SettleRules,
): Promise<readonly (Both & { readonly verdict: Verdict })[]> {
  const there = await target.read(group, rules.signal);
  const here = await source.read(group, rules.signal);
  return group.map((suspect, i) => ({
    source: seen(here[i]!),
    target: seen(there[i]!),
    verdict: judge(suspect, here[i]!, there[i]!, rules),
  }));
}

/** Some groups at once, so that rows in memory stay within `rules.bytes`; answers in the order of the suspects. */
async function* inGroups<T>(
  suspects: readonly Suspect[],
  { source, target }: Way,
  rules: SettleRules,
  read: (group: readonly Suspect[]) => Promise<readonly T[]>,
): AsyncGenerator<T> {
  // A reader that goes through everything takes all suspects at once; readers by key go in small groups, several at a time.
  const [keys, wide] = source.byKey && target.byKey ? [KEYS_A_GROUP, rules.workers] : [Infinity, 1];
  const groups = grouped(suspects, keys, rules.bytes / wide / 3);
  for (let at = 0; at < groups.length; at += wide) {
    for (const some of await Promise.all(groups.slice(at, at + wide).map(read))) yield* some;
  }
}

/** What is remembered of a reading to compare it with the next. */
export interface Seen extends Pick<Found, "count" | "refused" | "rejected" | "unsure"> {
  readonly readings: readonly string[];
}

export function seen({ rows, count, refused, rejected, unsure }: Found): Seen {
  return { count, refused, rejected, unsure, readings: rows.map(({ reading }) => reading) };
}

/** Whether nothing was written between two readings. */
export function same(a: Seen, b: Seen): boolean {
  if (a.unsure === true || b.unsure === true) return false;
  return (
    a.count === b.count &&
    a.refused === b.refused &&
    a.rejected === b.rejected &&
    a.readings.every((reading, i) => reading === b.readings[i])
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
