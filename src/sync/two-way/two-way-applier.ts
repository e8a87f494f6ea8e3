import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import type { ChangeEncoder, SourceChange } from "../../connector/change.ts";
import type { Source, Target } from "../../connector/connector.ts";
import { RowRefused, type Refusal } from "../../job/mapping.ts";
import type { Writer } from "../../pipeline/writer.ts";
import { changeEncoderOf } from "../apply/change-applier.ts";
import type { Write } from "../apply/map-change.ts";
import { conditionFailed, Outbox } from "../apply/outbox.ts";
import type { ParkedKeys } from "../apply/parked-keys.ts";
import type { AppliedCounts } from "../channel-progress.ts";
import { noConflicts } from "../channel-progress.ts";
import type { Applier } from "../channel-run.ts";
import type { ColumnNames } from "./column-names.ts";
import type { ConflictList } from "./conflict-list.ts";
import { decide, type Conflict, type Decision, type RowPlan, type Sites } from "./decide.ts";
import { noDeaths, withNews, type Deaths } from "./deaths.ts";
import { keyEvents, type KeyEvent } from "./key-event.ts";
import type { Policies } from "./policies.ts";
import { rowWrite } from "./row-write.ts";
import { noRow, sideRow, type SideRow } from "./side-row.ts";
import type { SourceKey } from "../apply/cell-plan.ts";
import type { Tombstones } from "./tombstones.ts";

/** One table of the two, read and written. */
export interface Side {
  readonly target: Target;
  readonly reader: Source;
  readonly title: string;
}

export interface TwoWayOptions {
  readonly sites: Sites;
  readonly names: ColumnNames;
  /** Where changes come from; it is written too, where it lost. */
  readonly near: Side;
  readonly far: Side;
  readonly policies: Policies;
  readonly tombstones: Tombstones;
  readonly conflicts: ConflictList;
  readonly parked: ParkedKeys;
  /** To the far side. */
  readonly writer: Writer;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Milliseconds after a write without an answer in which it may still take effect (R2). */
  readonly doubtMs: number;
}

/** Rows decided together, and such groups under way at once: what they read is all that is held. */
const groupKeys = 25;
const lanesMax = 4;
/** Times a row is read, decided and written anew because others were faster, and times at all (columns beyond what conditions hold go some at a time). */
const failuresMax = 20;
const roundsMax = 300;
const firstPauseMs = 10;
const mostPauseMs = 1000;

interface Lane {
  readonly near: ChangeEncoder;
  readonly far: ChangeEncoder;
}

/** One row until both sides are as they must be. */
interface Work {
  readonly event: KeyEvent;
  readonly nearKey: SourceKey;
  readonly farKey: SourceKey;
  readonly sourceKey: SourceKey;
  near: SideRow;
  far: SideRow;
  deaths: { near: Deaths; far: Deaths };
  appliedThrough: number | undefined;
  readonly conflicts: Map<string, Conflict>;
  failures: number;
  refusal: Refusal | undefined;
}

/**
 * Takes the changes of one site to the other: reads both rows and what both sites have deleted, decides column by column, writes what
 * differs on either side, and begins again until nothing does (README).
 */
export class TwoWayApplier implements Applier {
  readonly #options: TwoWayOptions;
  readonly #nearWriter: Writer;
  readonly #lanes: readonly Lane[];

  private constructor(options: TwoWayOptions, lanes: readonly Lane[]) {
    this.#options = options;
    this.#nearWriter = options.writer.to(options.near.target);
    this.#lanes = lanes;
  }

  /** Both tables are there. */
  static async open(options: TwoWayOptions): Promise<TwoWayApplier> {
    const lane = async (): Promise<Lane> => ({
      near: await changeEncoderOf(options.near.target, options.near.title),
      far: await changeEncoderOf(options.far.target, options.far.title),
    });
    return new TwoWayApplier(options, await Promise.all(Array.from({ length: lanesMax }, lane)));
  }

  /** As `ChangeApplier.apply`. */
  async apply(changes: readonly SourceChange[], signal: AbortSignal): Promise<AppliedCounts> {
    const { tombstones, sites } = this.#options;
    await tombstones.sweep(sites.near, signal);
    const { events, echoes } = keyEvents(changes);
    const counts = { updates: 0, deletes: 0, parked: 0, conflicts: { ...noConflicts } };
    let next = 0;
    const lane = async (encoders: Lane): Promise<void> => {
      while (next < events.length) {
        const group = events.slice(next, (next += groupKeys)).map((event) => this.#work(event));
        await this.#settle(group, encoders, counts, signal);
      }
    };
    const settled = await Promise.allSettled(this.#lanes.map(lane));
    for (const one of settled) if (one.status === "rejected") throw one.reason;
    await this.#over(signal);
    return { changes: changes.length, folded: changes.length - events.length - echoes, puts: 0, filtered: 0, echoes, ...counts };
  }

  #work(event: KeyEvent): Work {
    const { names, sites } = this.#options;
    const nearKey = event.folded.change.key;
    const farKey = names.keyThere(nearKey);
    return {
      ...{ event, nearKey, farKey, sourceKey: sites.nearIs === "source" ? nearKey : farKey },
      ...{ near: noRow, far: noRow, deaths: { near: noDeaths, far: noDeaths } },
      ...{ appliedThrough: undefined, conflicts: new Map(), failures: 0, refusal: undefined },
    };
  }

  async #settle(group: readonly Work[], encoders: Lane, counts: Counts, signal: AbortSignal): Promise<void> {
    // Before the rows are read: whoever writes one after that will see it when he looks again (README).
    await Promise.all(group.map((work) => this.#remember(work)));
    let open = group;
    for (let round = 0; open.length > 0; round++) {
      if (round > 0) await this.#pause(Math.max(...open.map(({ failures }) => failures)), signal);
      await this.#read(open, signal);
      open = await this.#round(open, encoders, counts);
      for (const work of open) if (work.failures > failuresMax || round > roundsMax) work.refusal ??= contested;
      open = open.filter(({ refusal }) => refusal === undefined);
    }
    await this.#tell(group, counts, signal);
  }

  async #remember({ event, sourceKey }: Work): Promise<void> {
    const { tombstones, sites } = this.#options;
    const columns = [...event.columns].flatMap(([column, { died }]) => (died === undefined ? [] : [{ column, ...died }]));
    const written = [...event.columns].flatMap(([column, { said }]) => (said === undefined ? [] : [{ column, ...said }]));
    if (event.rowDied === undefined && columns.length === 0 && written.length === 0) return;
    await tombstones.change(sites.near, sourceKey, (now) => withNews(now, { row: event.rowDied, columns, written }));
  }

  async #read(open: readonly Work[], signal: AbortSignal): Promise<void> {
    const { near, far, names, tombstones, sites } = this.#options;
    const rowsOf = (side: Side, keys: readonly SourceKey[]) =>
      side.reader.lookUp!(
        keys.map((key) => key.map(({ value }) => value)),
        { versions: "keep" },
        signal,
      );
    const deaths = (site: string) => Promise.all(open.map(({ sourceKey }) => tombstones.read(site, sourceKey)));
    // Deletions behind the rows: what is remembered before a row is changed is known to whoever has read the changed row.
    const [nearRows, farRows] = await Promise.all([
      rowsOf(
        near,
        open.map(({ nearKey }) => nearKey),
      ),
      rowsOf(
        far,
        open.map(({ farKey }) => farKey),
      ),
    ]);
    const [nearDeaths, farDeaths] = await Promise.all([deaths(sites.near), deaths(sites.far)]);
    for (const [at, work] of open.entries()) {
      work.deaths = { near: nearDeaths[at]!, far: farDeaths[at]! };
      this.#refusing(work, () => {
        work.near = sideRow(nearRows[at], (name) => (names.there(name), name));
        work.far = sideRow(farRows[at], names.back);
      });
      const marker = work.far.marker?.read;
      work.appliedThrough ??= marker?.site === sites.near ? marker.seq : 0;
    }
  }

  /** Decides and writes once; the rows that must be looked at again. */
  async #round(open: readonly Work[], encoders: Lane, counts: Counts): Promise<readonly Work[]> {
    const { sites, policies, tombstones, names } = this.#options;
    const again: Work[] = [];
    const sends = { near: new Sends(), far: new Sends() };
    for (const work of open) {
      const decision = this.#refusing(work, () => {
        const policyOf = (column: string) => policies.of(sites.nearIs === "source" ? column : names.there(column));
        return decide({ ...work, appliedThrough: work.appliedThrough ?? 0 }, sites, policyOf);
      });
      if (decision === undefined) continue;
      for (const conflict of decision.conflicts) work.conflicts.set(conflict.column, conflict);
      if (decision.deaths.length > 0) {
        await tombstones.change(sites.near, work.sourceKey, (now) => withNews(now, { columns: decision.deaths, written: [] }));
        again.push(work);
      } else if (this.#plan(work, decision, sends)) again.push(work);
    }
    const { writer } = this.#options;
    const sent = await Promise.allSettled([
      sends.near.go(encoders.near, this.#nearWriter, counts),
      sends.far.go(encoders.far, writer, counts),
    ]);
    for (const one of sent) if (one.status === "rejected") throw one.reason;
    return again;
  }

  /** False: both rows are as they must be. */
  #plan(work: Work, { near, far }: Decision, sends: { readonly near: Sends; readonly far: Sends }): boolean {
    const { names, sites } = this.#options;
    this.#refusing(work, () => {
      const seq = work.event.seq;
      if (far.kind !== "nothing") sends.far.add(work, this.#write(far, work.far, work.farKey, names.there, sites.near, seq));
      if (near.kind !== "nothing")
        sends.near.add(
          work,
          this.#write(near, work.near, work.nearKey, (name) => name, sites.far, undefined),
        );
    });
    return near.kind !== "nothing" || far.kind !== "nothing";
  }

  #write(plan: RowPlan, row: SideRow, key: SourceKey, nameOf: (column: string) => string, from: string, seq: number | undefined) {
    const { clock, chance } = this.#options;
    return rowWrite({ plan, row, key, nameOf, from, seq, nonce: chance.id().slice(0, 12), now: clock.now() });
  }

  #refusing<T>(work: Work, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      work.refusal ??= error.refusal;
      return undefined;
    }
  }

  async #tell(group: readonly Work[], counts: Counts, signal: AbortSignal): Promise<void> {
    const { conflicts, parked, sites, names } = this.#options;
    const nameOf = (column: string) => (sites.nearIs === "source" ? column : names.there(column));
    const found = group.flatMap(({ sourceKey, conflicts: ofKey }) =>
      [...ofKey.values()].map((conflict) => ({ key: sourceKey, conflict: { ...conflict, column: nameOf(conflict.column) } })),
    );
    for (const { conflict } of found) counts.conflicts[conflict.policy]++;
    if (found.length > 0) await conflicts.add(found);
    const refused = group.flatMap(({ event, refusal }) =>
      refusal === undefined ? [] : [{ folded: event.folded, refusal, formerKeys: [] as readonly SourceKey[] }],
    );
    for (const { event, refusal } of group) if (refusal === undefined && parked.has(event.folded.id)) await parked.release(event.folded);
    if (refused.length === 0) return;
    await this.#over(signal);
    await parked.park(refused, signal);
    for (const { folded } of refused) counts.parked += folded.changes.length;
  }

  /** After lost answers, and after others were faster. */
  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, chance } = this.#options;
    await this.#over(signal);
    if (failures === 0) return;
    const full = Math.min(mostPauseMs, firstPauseMs * 2 ** Math.min(failures, 10));
    await clock.sleep(full / 2 + (full / 2) * chance.next(), signal);
  }

  /** Waits until nothing that was sent to either side can take effect any more (R2). */
  async #over(signal: AbortSignal): Promise<void> {
    const { writer, clock, doubtMs } = this.#options;
    if (!writer.settled || !this.#nearWriter.settled) await clock.sleep(doubtMs, signal);
  }
}

interface Counts {
  updates: number;
  deletes: number;
  parked: number;
  readonly conflicts: Record<Conflict["policy"], number>;
}

/** What goes to one side in a round: writes, then the deletions that some of them have announced. */
class Sends {
  readonly #first: { readonly work: Work; readonly write: Write; readonly next: Write | undefined }[] = [];

  add(work: Work, { write, next }: { readonly write: Write; readonly next?: Write | undefined }): void {
    this.#first.push({ work, write, next });
  }

  async go(encoder: ChangeEncoder, writer: Writer, counts: Counts): Promise<void> {
    const through = await this.#send(this.#first, encoder, writer);
    counts.updates += through.length;
    const last = through.flatMap(({ work, next }) => (next === undefined ? [] : [{ work, write: next, next: undefined }]));
    counts.deletes += (await this.#send(last, encoder, writer)).length;
  }

  async #send<T extends { readonly work: Work; readonly write: Write }>(
    all: readonly T[],
    encoder: ChangeEncoder,
    writer: Writer,
  ): Promise<readonly T[]> {
    if (all.length === 0) return [];
    const box = new Outbox<T>(true);
    for (const one of all) box.add(one, { writes: [one.write], filtered: false });
    const { failed } = await box.send(encoder, writer);
    for (const { owner, refusal } of failed) {
      if (refusal.cause === conditionFailed) owner.work.failures++;
      else owner.work.refusal ??= refusal;
    }
    const not = new Set(failed.map(({ owner }) => owner));
    return all.filter((one) => !not.has(one));
  }
}

const contested: Refusal = { cause: "contested", text: "others kept changing the row while it was decided" };
