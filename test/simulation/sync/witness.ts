import { operations } from "../../../src/wire/operation/operations.ts";
import { decodeRows } from "../../../src/wire/plainbuffer/decode.ts";
import type { WireRequest, WireResponse } from "../../../src/wire/transport.ts";
import { ChannelBooks } from "./channel-books.ts";
import type { EventClock } from "./event-clock.ts";
import { expectedOf, shownRow, type Expected, type MappingKind, type TargetRow } from "./mapped.ts";
import type { SimulatedServer } from "./simulated-server.ts";
import type { SourceState, SourceWriter } from "./source-writer.ts";

export const TARGET = "target";
export const STATE = "tableferry_state";
export const JOB = "job";

/** What must hold, and did not. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, text: string) {
    super(text);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

/** As the state store tells of it. */
export type Stage = "preparing" | "copying" | "streaming";

interface ParkedKey {
  /** Somebody may be replaying it. */
  readonly claimed: boolean;
}

interface ShownKey {
  readonly number: number;
  readonly rows: readonly TargetRow[];
}

export interface WitnessOptions {
  readonly server: SimulatedServer;
  readonly writer: SourceWriter;
  readonly time: EventClock;
  readonly kind: MappingKind;
  readonly versions: "latest" | "keep";
}

/**
 * Looks at the server's tables after each request that may have changed them, without asking the engine anything. Source writes carry rising numbers; what the
 * target shows of a key is the number of a source state. Whatever is wrong is noted once and ends the seed.
 */
export class Witness {
  readonly books: ChannelBooks;
  stage: Stage = "preparing";
  violation: Violation | undefined;
  readonly parked = new Map<string, ParkedKey>();
  /** Channels taken: each may replay what its checkpoint has not passed. */
  #takes = 0;
  /** A row that was looked up is ahead of the changes that come behind it. */
  #lookedUp = false;
  #shown = new Map<string, ShownKey>();
  /** By key: the newest state that a checkpoint passed, and the newest that the target has shown, with the takes so far. */
  readonly #passed = new Map<string, number>();
  readonly #top = new Map<string, { readonly number: number; readonly takes: number }>();
  readonly #expected = new WeakMap<SourceState, Expected>();
  readonly #options: WitnessOptions;
  #page = "";

  constructor(options: WitnessOptions) {
    this.#options = options;
    this.books = new ChannelBooks(options.writer.states);
  }

  note(invariant: string, text: string): void {
    const at = Math.round(this.#options.time.monotonic() - 1_700_000_000_000);
    this.violation ??= new Violation(invariant, `${text} (at ${at} ms)`);
  }

  /** Looks for the first time, or anew where something may have happened unseen. */
  async begin(): Promise<void> {
    await this.#readTarget();
    await this.#readParked();
  }

  async carriedOut(operation: string, request: WireRequest, { status }: WireResponse): Promise<void> {
    if (status !== 200) return;
    switch (operation) {
      case "BatchWriteRow":
        return this.#targetWritten();
      case "PutRow":
        return this.#stateWritten(request.body);
      case "tunnel/getcheckpoint":
        this.#takes++;
        return;
      case "BatchGetRow":
        this.#lookedUp = true;
        return;
      case "tunnel/checkpoint": {
        const { channelId, checkpoint, sequenceNumber } = operations["tunnel/checkpoint"].decodeRequest(request.body);
        return this.#checkpointed(channelId, checkpoint, sequenceNumber);
      }
    }
  }

  /** Both tables as they are now, where nothing is under way. */
  async compare(): Promise<void> {
    await this.#readTarget();
    const { writer, kind } = this.#options;
    for (const [pk, states] of writer.states) {
      const expected = this.#expectedOf(states.at(-1)!);
      const shown = this.#shown.get(pk)?.rows ?? [];
      if (expected === "refused") {
        if (!this.parked.has(pk)) this.note("equal", `${pk} cannot be mapped (${kind.name}), and is not parked`);
      } else if (!this.parked.has(pk) && !sameRows(shown, expected)) {
        this.note("equal", `${pk} shows ${textOf(shown)} in place of ${textOf(expected)}`);
      }
    }
    for (const pk of this.#shown.keys()) if (!writer.states.has(pk)) this.note("equal", `${pk} was never in the source`);
  }

  /** A key that the target shows and that is not parked. */
  get shownKey(): string | undefined {
    return [...this.#shown.keys()].find((pk) => !this.parked.has(pk));
  }

  /** After a replay with nothing else under way: parked is only what cannot be mapped. */
  compareParked(): void {
    for (const pk of this.parked.keys()) {
      const state = this.#options.writer.current(pk);
      if (state === undefined || this.#expectedOf(state) !== "refused")
        this.note("parked", `${pk} can be mapped, was replayed, and is parked still`);
    }
  }

  /** Everything up to a write is shown or parked. */
  async showsUpTo(number: number, what: string): Promise<void> {
    await this.#readTarget();
    for (const [pk, states] of this.#options.writer.states) {
      const last = states.findLast((state) => state.number <= number);
      if (last === undefined || this.parked.has(pk) || this.#expectedOf(last) === "refused") continue;
      if (this.#numberOf(pk) < last.number)
        this.note("drained", `${what}, and ${pk} shows ${this.#numberOf(pk)} in place of ${last.number}`);
    }
  }

  async #targetWritten(): Promise<void> {
    const before = this.#shown;
    if (!(await this.#readTarget())) return;
    for (const pk of this.#options.writer.states.keys()) {
      if (sameRows(before.get(pk)?.rows ?? [], this.#shown.get(pk)?.rows ?? [])) continue;
      if (this.stage === "streaming" && this.parked.get(pk)?.claimed === false)
        this.note("parked order", `${pk} is parked, and was written: ${textOf(this.#shown.get(pk)?.rows ?? [])}`);
      const number = this.#numberOf(pk);
      const gone = this.#shown.get(pk) === undefined;
      // A row that moves may be gone for a moment.
      if (gone && this.#options.kind.moves) continue;
      const passed = this.#passed.get(pk) ?? -1;
      if (number < passed) this.note("stale overwrite", `${pk} shows ${number}, and a checkpoint has passed ${passed}`);
      // Which of the states without a row this is cannot be told.
      if (gone) continue;
      const top = this.#top.get(pk);
      if (this.stage === "streaming" && !this.#lookedUp && top !== undefined && number < top.number && this.#takes === top.takes)
        this.note("order", `${pk} goes back from ${top.number} to ${number}, and no channel was taken since`);
      if (top === undefined || number >= top.number || this.#takes > top.takes) this.#top.set(pk, { number, takes: this.#takes });
    }
  }

  async #checkpointed(channelId: string, token: string, sequence: bigint): Promise<void> {
    const passed = this.books.passed(channelId, token, sequence);
    if (typeof passed === "string") return this.note("checkpoint", `a checkpoint of ${channelId} was accepted: ${passed}`);
    for (const [pk, number] of passed.numbers) {
      if (this.parked.has(pk)) continue;
      const shown = this.#numberOf(pk);
      if (shown < number) this.note("checkpoint", `a checkpoint passed write ${number} of ${pk}, which shows ${shown} and is not parked`);
      if (!passed.isBase) this.#passed.set(pk, Math.max(number, this.#passed.get(pk) ?? -1));
    }
  }

  async #stateWritten(body: Uint8Array): Promise<void> {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (bytes.includes(`${JOB}/parked/`)) await this.#readParked();
    if (this.stage !== "streaming" && bytes.includes(`${JOB}/sync`)) {
      const [row] = await this.#options.server.rows(STATE, `${JOB}/sync`, `${JOB}/sync\0`);
      const value = row?.cells.find(({ name }) => name === "value")?.value;
      if (typeof value === "string") this.stage = (JSON.parse(value) as { stage: Stage }).stage;
    }
  }

  async #readParked(): Promise<void> {
    const rows = await this.#options.server.rows(STATE, `${JOB}/parked/`, `${JOB}/parked0`);
    this.parked.clear();
    for (const { cells } of rows) {
      const value = cells.find(({ name }) => name === "value")?.value;
      const parked = JSON.parse(String(value)) as { key: [string, string][]; claim?: string; replayed?: true } | null;
      if (parked !== null && parked.replayed !== true) this.parked.set(parked.key[0]![1], { claimed: parked.claim !== undefined });
    }
  }

  /** False: it is as it was. */
  async #readTarget(): Promise<boolean> {
    const { server, kind, versions } = this.#options;
    const page = await server.page(TARGET);
    const text = Buffer.from(page.buffer, page.byteOffset, page.byteLength).toString("latin1");
    if (text === this.#page) return false;
    this.#page = text;
    const shown = new Map<string, { number: number; rows: TargetRow[] }>();
    for (const row of page.length === 0 ? [] : decodeRows(page)) {
      const pk = String(row.key.at(-1)!.value);
      const number = Number(row.cells.find(({ name }) => name === kind.number)?.value ?? -1);
      const known = shown.get(pk);
      if (known === undefined) shown.set(pk, { number, rows: [shownRow(row, versions)] });
      else {
        known.number = Math.max(known.number, number);
        known.rows.push(shownRow(row, versions));
      }
    }
    this.#shown = shown;
    return true;
  }

  /** Of the state that the target shows of a key; of an absent row, of the newest state that it can be. */
  #numberOf(pk: string): number {
    const shown = this.#shown.get(pk);
    if (shown !== undefined) return shown.number;
    const states = this.#options.writer.states.get(pk) ?? [];
    return states.findLast((state) => this.#expectedOf(state).length === 0)?.number ?? -1;
  }

  #expectedOf(state: SourceState): Expected {
    let expected = this.#expected.get(state);
    if (expected === undefined) {
      const { kind, versions } = this.#options;
      this.#expected.set(state, (expected = expectedOf(kind, versions, state.row)));
    }
    return expected;
  }
}

function sameRows(a: readonly TargetRow[], b: readonly TargetRow[]): boolean {
  return a.length === b.length && a.every((row) => b.some((other) => other.key === row.key && other.cells === row.cells));
}

function textOf(rows: readonly TargetRow[]): string {
  return rows.length === 0 ? "nothing" : rows.map(({ key, cells }) => `${key} {${cells}}`).join(" and ");
}
