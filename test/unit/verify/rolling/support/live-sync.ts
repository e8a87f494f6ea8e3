import { seededChance, type Chance } from "../../../../../src/base/chance.ts";
import { VirtualClock } from "../../../../../src/base/virtual-clock.ts";
import type { CompiledMapping, FlowRow } from "../../../../../src/job/mapping.ts";
import { RowRefused } from "../../../../../src/job/mapping.ts";
import type { KeySchema } from "../../../../../src/model/schema.ts";
import type { RowChange } from "../../../../../src/model/row.ts";
import type { Value } from "../../../../../src/model/value.ts";
import { MemoryStateStore } from "../../../../../src/pipeline/memory-state-store.ts";
import { Throttle } from "../../../../../src/pipeline/throttle.ts";
import { keyText } from "../../../../../src/verify/key-text.ts";
import type { AppliedPosition } from "../../../../../src/verify/rolling/applied-position.ts";
import type { RollingInput } from "../../../../../src/verify/rolling/rolling-input.ts";
import type { ParkedRows } from "../../../../../src/verify/parked-rows.ts";
import { LiveTable, type Key } from "./live-table.ts";

interface Committed {
  readonly at: number;
  readonly key: Key;
  /** The source row as it stood then. */
  readonly row: FlowRow | undefined;
}

interface Channel {
  readonly log: Committed[];
  applied: number;
}

export interface LiveSyncOptions {
  readonly seed?: number;
  readonly mapping?: CompiledMapping;
  readonly versions?: "latest" | "keep";
  readonly targetKey?: readonly KeySchema[];
  readonly maxVersions?: number;
  /** Milliseconds between commit and application at most. */
  readonly lagMs?: number;
  readonly latencyMs?: number;
  readonly pageRows?: number;
  readonly allowUpdate?: boolean;
}

export const idOf = (id: number): Key => [{ name: "id", value: BigInt(id) }];

/** A source, a target, and an applier between them that lags, falls back and parks; all under one virtual clock. */
export class LiveSync {
  readonly clock = new VirtualClock();
  readonly chance: Chance;
  readonly source: LiveTable;
  readonly target: LiveTable;
  readonly state = new MemoryStateStore();
  readonly options: LiveSyncOptions;
  readonly parked = new Map<string, Key>();
  readonly channels: readonly Channel[] = [
    { log: [], applied: 0 },
    { log: [], applied: 0 },
  ];
  lagMs: number;
  readonly #stop = new AbortController();

  constructor(options: LiveSyncOptions = {}) {
    this.options = options;
    this.chance = seededChance(options.seed ?? 1);
    this.lagMs = options.lagMs ?? 40;
    const { clock, chance } = this;
    const { maxVersions = 1, latencyMs = 8, pageRows = 6 } = options;
    const both = { clock, chance, maxVersions, latencyMs, pageRows };
    this.source = new LiveTable({ ...both, title: "source" });
    this.target = new LiveTable({
      ...both,
      title: "target",
      key: options.targetKey ?? this.source.key,
      allowUpdate: options.allowUpdate ?? true,
    });
  }

  int(below: number): number {
    return Math.floor(this.chance.next() * below);
  }

  /** Rows that both sides have from the beginning. */
  fill(count: number, columns: (id: number) => Readonly<Record<string, Value>>): void {
    for (let id = 0; id < count; id++) {
      const cells = Object.entries(columns(id)).map(([name, value]) => ({ name, value }));
      this.source.write({ type: "put", key: idOf(id), cells });
      this.#carry(this.source.find(idOf(id)), idOf(id));
    }
  }

  commit(change: RowChange): void {
    this.source.write(change);
    const key = change.key as Key;
    const channel = this.channels[Number(BigInt.asUintN(1, key[0]!.value as bigint))]!;
    channel.log.push({ at: this.clock.now(), key, row: this.source.find(key) });
  }

  put(id: number, columns: Readonly<Record<string, Value>>): void {
    this.commit({ type: "put", key: idOf(id), cells: Object.entries(columns).map(([name, value]) => ({ name, value })) });
  }

  delete(id: number): void {
    this.commit({ type: "delete", key: idOf(id) });
  }

  /** Applies everything that was committed. */
  drain(): void {
    for (const channel of this.channels) while (channel.applied < channel.log.length) this.#apply(channel);
  }

  /** Applies in the background, with lag; now and then a worker is taken over and applies its last changes once more. */
  startApplying({ fallBack = 0, park = 0 } = {}): void {
    for (const channel of this.channels) void this.#applyAlong(channel, fallBack, park).catch(() => undefined);
  }

  startWriting(write: () => void, everyMs: number): void {
    const along = async () => {
      for (;;) {
        await this.clock.sleep(this.chance.next() * 2 * everyMs, this.#stop.signal);
        write();
      }
    };
    void along().catch(() => undefined);
  }

  /** Parks the changes of a key; its replay writes what the source has then. */
  park(id: number): void {
    this.parked.set(keyText(idOf(id)), idOf(id));
  }

  replay(id: number): void {
    this.#carry(this.source.find(idOf(id)), idOf(id));
    this.parked.delete(keyText(idOf(id)));
  }

  /** Lets time pass until the promise settles. */
  async drive<T>(promise: Promise<T>, stepMs = 50): Promise<T> {
    let settled = false;
    promise.catch(() => undefined).finally(() => (settled = true));
    for (let steps = 0; !settled && steps < 100_000; steps++) await this.pass(stepMs, stepMs);
    if (!settled) throw new Error("it did not come to an end");
    return promise;
  }

  /** Lets so much time pass, and what is ready in between run. */
  async pass(ms: number, stepMs = 50): Promise<void> {
    for (let at = 0; at < ms; at += stepMs) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.clock.advance(stepMs);
    }
  }

  stop(): void {
    this.#stop.abort(new Error("the simulation ended"));
  }

  readonly applied: AppliedPosition = {
    passed: async (momentMs, signal) => {
      const behind = ({ log, applied }: Channel) => log[applied] !== undefined && log[applied].at < momentMs;
      while (this.clock.now() < momentMs || this.channels.some(behind)) await this.clock.sleep(3, signal);
    },
  };

  readonly explained: ParkedRows = {
    holds: (keys) => Promise.resolve(keys.map((key) => this.parked.has(keyText(key)))),
    all: async function* (this: LiveSync) {
      yield* [...this.parked.values()];
    }.bind(this),
  };

  input(given: Partial<RollingInput> = {}): RollingInput {
    return {
      job: "orders",
      source: this.source,
      target: this.target,
      mapping: this.options.mapping,
      scope: { versions: this.options.versions ?? "latest" },
      applied: this.applied,
      explained: this.explained,
      state: this.state,
      token: "verifier",
      throttle: new Throttle(this.clock, {}),
      limits: { workers: 2, inFlightBytes: 32 * 1024 * 1024 },
      verify: { rounds: 4, roundSeconds: 0.2, list: 100, maskValues: false },
      context: {
        clock: this.clock,
        chance: seededChance(7),
        signal: new AbortController().signal,
        onProgress: () => undefined,
        folder: "/",
        env: {},
        note: () => undefined,
      },
      ...given,
    };
  }

  async #applyAlong(channel: Channel, fallBack: number, park: number): Promise<void> {
    for (;;) {
      await this.clock.sleep(1 + this.chance.next() * this.lagMs, this.#stop.signal);
      if (this.chance.next() < fallBack) channel.applied = Math.max(0, channel.applied - this.int(4));
      // A window of changes takes its time; what is committed meanwhile comes with the next.
      for (const end = channel.log.length; channel.applied < end;) {
        if (this.chance.next() < 0.3) await this.clock.sleep(this.chance.next() * 4, this.#stop.signal);
        const { key } = channel.log[channel.applied]!;
        const id = Number(key[0]!.value);
        if (this.chance.next() < park && !this.parked.has(keyText(key))) {
          this.park(id);
          this.clock.after(this.chance.next() * 400, () => this.replay(id));
        }
        this.#apply(channel);
      }
    }
  }

  #apply(channel: Channel): void {
    const { key, row } = channel.log[channel.applied++]!;
    if (!this.parked.has(keyText(key))) this.#carry(row, key);
  }

  /** As an applier that replaces the whole row; a key that the mapping derives follows from the source key alone. */
  #carry(row: FlowRow | undefined, key: Key): void {
    const { mapping, versions = "latest" } = this.options;
    const given = row ?? { key, columns: [] };
    const read = versions === "keep" ? given : { key, columns: newest(given).map(({ name, value }) => ({ name, value })) };
    try {
      for (const made of mapping === undefined ? [read] : mapping.map(read)) {
        if (row === undefined) this.target.write({ type: "delete", key: made.key });
        else this.target.write({ type: "put", key: made.key, cells: made.columns });
      }
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
    }
  }
}

function newest({ columns }: FlowRow): FlowRow["columns"] {
  return columns.filter(({ name }, i) => name !== columns[i - 1]?.name);
}
