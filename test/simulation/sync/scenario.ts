import { seededChance, type Chance } from "../../../src/base/chance.ts";
import type { SyncInput, SyncSpec } from "../../../src/job/sync-spec.ts";
import { parseSync } from "../../../src/job/parse-job.ts";
import { faults, states, type EngineState, type Goal } from "./goals.ts";
import { keepsOrder, mappingKinds, type MappingKind } from "./mapped.ts";
import { INSTANCE } from "./simulated-server.ts";
import { SOURCE } from "./source-writer.ts";
import { JOB, TARGET } from "./witness.ts";

/** What a seed decides. */
export interface Scenario {
  readonly seed: number;
  readonly kind: MappingKind;
  readonly versions: "latest" | "keep";
  readonly maxVersions: number;
  readonly initial: SyncSpec["initial"];
  readonly spec: SyncSpec;
  readonly keys: number;
  /** Writes to the source before the sync begins, and while it runs. */
  readonly rowsBefore: number;
  readonly writes: number;
  readonly badShare: number;
  readonly deletesVersions: boolean;
  /** Keys that begin a partition of the source. */
  readonly cuts: readonly string[];
  readonly workers: number;
  /** Milliseconds in which there is trouble. */
  readonly spanMs: number;
  readonly goals: readonly Goal[];
  /** Share of requests that a mishap befalls while there is trouble. */
  readonly mishaps: number;
  /** Share of writes of rows that come late. */
  readonly lateWrites: number;
  /** Writes of the server take their time, and its power may be cut. */
  readonly flushes: boolean;
  /** The rolling verifier runs among the changes, and at rest. */
  readonly verifies: boolean;
  readonly chance: Chance;
}

/** Pairs of fault and state a seed. */
const GOALS = 22;
/** Between two pairs of a seed, so that they are of different faults and states. */
const STRIDE = 29;

/** Where the virtual clock begins. */
export const BEGIN = 1_700_000_000_000;

export function scenarioOf(seed: number): Scenario {
  const chance = seededChance(seed * 7919 + 1);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance.next() * of.length)]!;
  const whole = (from: number, to: number) => from + Math.floor(chance.next() * (to - from + 1));
  // One seed in five streams without long outages: what matters there is how late writes, hand-overs and replays meet many changes of few keys.
  const streams = seed % 5 === 0;
  const goals = !streams ? goalsOf(seed, chance) : seed % 10 === 0 ? staleGoals : streamGoals;
  const meets = (state: EngineState) => goals.some((goal) => goal.state === state);
  // Nearly every seed means to meet parked keys; some have mappings that refuse nothing all the same, lest these be simulated seldom.
  const anyKind = streams || seed % 4 === 3 || !meets("parked");
  const kind = pick(mappingKinds.filter(({ refuses }) => refuses || anyKind));
  const versions = kind.keeps && chance.next() < 0.4 ? "keep" : "latest";
  const initial = meets("copying") ? "copy" : pick(["copy", "copy", "base-data", "none"] as const);
  // Few keys where some are put aside, so that their changes meet replays.
  const keys = streams ? whole(2, 4) : meets("parked") ? whole(3, 6) : whole(4, 16);
  const cuts = [...new Set(Array.from({ length: whole(0, 2) }, () => keyOf(whole(1, keys - 1))))].sort();
  return {
    ...{ seed, kind, versions, initial, keys, cuts, goals, chance },
    maxVersions: versions === "keep" ? whole(1, 3) : 1,
    spec: parseSync(specOf(kind, versions, initial, goals === streamGoals, { pick, whole })),
    rowsBefore: whole(0, keys * 2),
    writes: streams ? whole(150, 250) : whole(25, 80),
    badShare: meets("parked") || chance.next() < 0.4 ? 0.15 : 0,
    deletesVersions: chance.next() < 0.4,
    workers: whole(1, 3),
    spanMs: whole(6, 12) * 1000,
    mishaps: pick([0, 0.01, 0.03, 0.08]),
    lateWrites: streams ? 0.2 : 0,
    verifies: seed % 4 === 0 && keepsOrder(kind),
    flushes: goals.some(({ fault }) => fault === "power cut"),
  };
}

export function keyOf(number: number): string {
  return `k${String(number).padStart(2, "0")}`;
}

/** Every fault comes to meet every state: pairs are taken in turn, and one by chance. */
function goalsOf(seed: number, chance: Chance): readonly Goal[] {
  // Writes are short: it takes more tries to meet one.
  const pairs = faults.flatMap((fault) => [...states, "applying" as const, "applying" as const].map((state) => ({ fault, state })));
  const inTurn = Array.from({ length: GOALS - 1 }, (_, i) => pairs[(seed * (GOALS - 1) + i * STRIDE) % pairs.length]!);
  return [...inTurn, pairs[Math.floor(chance.next() * pairs.length)]!];
}

const streamGoals: readonly Goal[] = [
  ...(["reading", "applying", "taking over", "reading", "applying"] as const).map((state) => ({ fault: "hand-over", state }) as const),
  ...(["parked", "parked", "parked", "parked"] as const).map((state) => ({ fault: "replay", state }) as const),
  { fault: "split", state: "reading" },
];

/** Workers that go on behind a take-over, with writes that are still to be sent. */
const staleGoals: readonly Goal[] = [
  ...(["applying", "reading", "applying"] as const).map((state) => ({ fault: "stop", state }) as const),
  ...(["applying", "reading"] as const).map((state) => ({ fault: "partition", state }) as const),
  { fault: "clock jump", state: "applying" },
];

interface Choice {
  pick<T>(of: readonly T[]): T;
  whole(from: number, to: number): number;
}

function specOf(
  kind: MappingKind,
  versions: "latest" | "keep",
  initial: SyncSpec["initial"],
  isLong: boolean,
  { pick, whole }: Choice,
): SyncInput {
  const place = { type: "table-store", endpoint: "http://simulated", instance: INSTANCE, credentials: { env: "SIMULATION" } } as const;
  return {
    kind: "sync",
    name: JOB,
    source: { ...place, table: SOURCE },
    target: { ...place, table: TARGET },
    mapping: kind.mapping,
    versions,
    initial,
    ...(initial === "none" ? { start: new Date(BEGIN).toISOString() } : {}),
    onTargetNotEmpty: "merge",
    // With a longer one what takes its time by it, late writes among it, is long against what the network takes.
    sessionSeconds: isLong ? 15 : 5,
    leaseSeconds: 2,
    checkpointSeconds: pick([0.1, 0.5, 2]),
    rejects: { allowed: 1000 },
    limits: {
      ...{ workers: whole(1, 3), writesInFlight: whole(1, 4), inFlightBytes: 8_388_608 },
      // Slow enough that the copy goes on while rows change, and that changes pile up.
      ...(whole(0, 2) === 0 ? { rowsPerSecond: whole(4, 30) } : {}),
    },
  };
}
