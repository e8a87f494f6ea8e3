import type { Split } from "../../connector/connector.ts";
import { emptySettlement, settle, type Settlement } from "../settle.ts";
import { withoutExpiringCells, type Sides } from "../sides.ts";
import { suspectReaders } from "../suspect-readers.ts";
import type { VerificationInput } from "../verification-input.ts";
import { noCounts, settledCounts } from "./counts.ts";
import { COLUMNS_KEPT, type RollingLedger, type RoundRecord } from "./ledger.ts";
import { restAfter, type Pace } from "./pace.ts";
import { idOfText, textOfId } from "./parts.ts";
import type { RollingInput } from "./rolling-input.ts";
import { readStretch, type Stretch, type StretchBounds } from "./stretch.ts";

export interface OrderedRound {
  readonly input: VerificationInput;
  readonly sides: Sides;
  readonly ledger: RollingLedger;
  readonly pace: Pace;
  readonly bounds: StretchBounds;
  readonly onDifferences: RollingInput["onDifferences"];
}

/** A round from its beginning, each side as one piece in the order of its keys. */
export async function newRound({ input, sides }: Pick<OrderedRound, "input" | "sides">, number: number): Promise<RoundRecord> {
  const { signal, clock } = input.context;
  const [source, target] = await Promise.all([
    input.source.split(1, sides.coverage.sourceScope, signal),
    input.target.split(1, sides.coverage.targetScope, signal),
  ]);
  const start = { split: 0, from: null };
  return {
    number,
    begunAt: clock.now(),
    resumed: false,
    splits: { source, target },
    places: { source: start, target: start },
    after: null,
    parts: [],
    counts: noCounts,
    differences: [],
  };
}

/**
 * Goes on with a round to its end: reads a stretch of both sides, settles its suspects, writes both down, rests. What a stop or a kill costs
 * is the stretch that was under way.
 */
export async function orderedRound(round: OrderedRound, begun: RoundRecord): Promise<RoundRecord> {
  const { input, ledger, bounds, pace } = round;
  const { clock, signal } = input.context;
  for (let record = begun; ;) {
    const [from, at] = [clock.monotonic(), clock.now()];
    const stretch = await readStretch({ ...startOf(round, record), clock, signal, onPage: () => input.fault?.("verify") }, bounds);
    const found = await settleStretch(round, record, stretch);
    if (found.differences.length > 0) await round.onDifferences?.(found.differences);
    record = await ledger.advance(
      {
        places: stretch.places,
        after: stretch.after === undefined ? null : textOfId(stretch.after),
        part: { to: stretch.ended || stretch.after === undefined ? null : textOfId(stretch.after), at },
        counts: settledCounts({ ranges: 1, ...stretch }, found),
        differences: found.differences,
      },
      dayOf(clock.now()),
    );
    input.fault?.("checkpoint");
    if (stretch.ended) return record;
    const stretchMs = clock.monotonic() - from;
    const elapsedMs = Math.max(0, clock.now() - record.begunAt);
    const rest = restAfter(pace, { rows: record.counts.rowsCompared, stretchRows: stretch.rowsCompared, stretchMs, elapsedMs });
    if (rest > 0) await clock.sleep(rest, signal);
  }
}

/** ISO date (UTC) of a moment. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function startOf({ input, sides }: OrderedRound, { splits, places, after }: RoundRecord) {
  const { sourceScope, targetScope } = scopesOf(sides, input.context.clock.now());
  return {
    source: { side: input.source, scope: sourceScope, mapping: input.mapping, splits: splits.source },
    target: { side: input.target, scope: targetScope, mapping: undefined, splits: splits.target },
    places,
    after: after === null ? undefined : idOfText(after),
  };
}

function scopesOf(sides: Sides, now: number) {
  const { sourceScope, targetScope } = sides.coverage;
  return { sourceScope: withoutExpiringCells(sourceScope, sides, now), targetScope: withoutExpiringCells(targetScope, sides, now) };
}

async function settleStretch({ input, sides }: OrderedRound, { splits }: RoundRecord, { suspects }: Stretch): Promise<Settlement> {
  const found = emptySettlement();
  if (suspects.length === 0) return found;
  const pieces = (of: readonly Split[]) => ({ splits: of.map((split) => ({ split, position: undefined, done: false })) });
  const parts = {
    ...scopesOf(sides, input.context.clock.now()),
    source: pieces(splits.source),
    target: pieces(splits.target),
  };
  const options = { workers: input.limits.workers, throttle: undefined, onBatch: () => undefined };
  const { readers, rules } = suspectReaders(input, sides, parts, options);
  await settle(suspects, readers, { ...rules, columnsMost: COLUMNS_KEPT }, suspects.length, found);
  return found;
}
