import type { Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import type { ChangeEncoder, SourceChange } from "../../connector/change.ts";
import type { Described, ScanScope, Source, Target } from "../../connector/connector.ts";
import { rowTest, type RowTest } from "../../connector/row-scope.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import type { KeySchema } from "../../model/schema.ts";
import type { Writer } from "../../pipeline/writer.ts";
import type { SourceKey } from "./cell-plan.ts";
import { fold, type Folded } from "./fold.ts";
import { assertLooksUp, keysBehind, LookUps, type LookedUp } from "./look-ups.ts";
import { ChangeMapper, type Mapped } from "./map-change.ts";
import { Outbox } from "./outbox.ts";
import type { ParkedKeys } from "./parked-keys.ts";
import { Straightway } from "./straight.ts";
import { Window, type Applied } from "./window.ts";

export interface ChangeApplierOptions {
  readonly mapping: CompiledMapping;
  /** What part of the source the job carries over, and whether timestamps are kept. */
  readonly scope: ScanScope;
  readonly source: Source;
  readonly sourceKey: readonly KeySchema[];
  readonly target: Target;
  readonly described: Pick<Described, "allowUpdate" | "title">;
  /** The channel's: its fence guards every write. */
  readonly writer: Writer;
  readonly parked: ParkedKeys;
  readonly clock: Clock;
  /** Milliseconds after a write without an answer in which it may still take effect: request deadline + the service's longest operation (R2). */
  readonly doubtMs: number;
}

/**
 * How long is waited, time and again, for the row of another source key to leave a target key (milliseconds): its own channel moves or
 * deletes it. Then the change is put aside.
 */
const contestedPauses = [50, 200, 800, 2000] as const;
/** State entries of parked keys joined at once. */
const joinsMax = 8;

/**
 * Applies windows of one channel, one after another. What is applied ends as the source is, however often and from whatever earlier point
 * changes come again (README, "Why it converges").
 */
export class ChangeApplier {
  readonly #options: ChangeApplierOptions;
  readonly #encoder: ChangeEncoder;
  readonly #mapper: ChangeMapper;
  readonly #lookUps: LookUps;
  readonly #inRange: RowTest | undefined;
  readonly #straight: Straightway;

  private constructor(options: ChangeApplierOptions, encoder: ChangeEncoder) {
    const { mapping, scope, source, sourceKey, described } = options;
    this.#options = options;
    this.#encoder = encoder;
    this.#mapper = new ChangeMapper({ mapping, scope, sourceKey, wholeRows: !described.allowUpdate });
    this.#lookUps = new LookUps(source, scope);
    this.#straight = new Straightway(options, encoder);
    this.#inRange = rowTest({ versions: scope.versions, range: scope.range }, sourceKey, "the source");
  }

  /** The target is there. @throws TF_TARGET_AUTO_INCREMENT, TF_TARGET_SCHEMA, TF_MAPPING_INVALID */
  static async open(options: ChangeApplierOptions): Promise<ChangeApplier> {
    assertLooksUp(options.source);
    return new ChangeApplier(options, await changeEncoderOf(options.target, options.described.title));
  }

  /**
   * Resolves once every change is acknowledged by the target, or durably put aside; only then may the checkpoint pass them. Where it
   * rejects, some may have been applied, and all come again.
   * @throws as `Writer.write`; TF_REJECTS, TF_FENCED, errors of the source and the state store, the signal's reason
   */
  async apply(changes: readonly SourceChange[], signal: AbortSignal): Promise<Applied> {
    signal.throwIfAborted();
    const straight = await this.#straight.send(changes);
    const inRange = this.#inRange;
    const wanted = inRange === undefined ? straight.left : straight.left.filter(({ key }) => inRange({ key, columns: [] }));
    // A function reads rows, not records.
    const folded = fold(wanted, this.#options.scope.versions, this.#options.mapping.plan === undefined);
    const window = new Window(changes.length, straight, wanted.length, folded);
    await this.#fromRecords(window, await this.#joinParked(window, folded, signal));
    await this.#fromRows(window, window.unread, signal);
    for (const [before, pause] of contestedPauses.entries()) {
      const contested = window.takeContested();
      if (contested.length === 0) break;
      await this.#options.clock.sleep(pause, signal);
      await this.#settle(signal);
      await this.#fromRows(window, contested, signal, before + 1);
    }
    await this.#park(window, signal);
    return window.applied();
  }

  /** Lets changes of parked keys join them; the others are returned. */
  async #joinParked(window: Window, folded: readonly Folded[], signal: AbortSignal): Promise<readonly Folded[]> {
    const { parked } = this.#options;
    if (parked.size === 0) return folded;
    const joining = folded.filter(({ id }) => parked.has(id));
    const replayed = new Set<Folded>();
    for (let from = 0; from < joining.length; from += joinsMax) {
      const settled = await Promise.allSettled(
        joining.slice(from, from + joinsMax).map(async (one) => {
          if (await parked.join(one, this.#formerKeys(one), signal)) window.parked += one.changes.length;
          else replayed.add(one);
        }),
      );
      for (const one of settled) if (one.status === "rejected") throw one.reason;
    }
    return folded.filter((one) => replayed.has(one) || !parked.has(one.id));
  }

  /** Writes what the records tell by themselves. */
  async #fromRecords(window: Window, folded: readonly Folded[]): Promise<void> {
    let box = this.#newBox();
    for (const one of folded) {
      const mapped = window.refusing(one, undefined, () => this.#mapper.fromRecords(one));
      if (mapped === "refused") continue;
      if (mapped === undefined) window.unread.push(one);
      else box = await this.#add(window, box, { item: one, row: undefined }, mapped);
    }
    await this.#send(window, box);
  }

  /** Reads rows and writes what they come to. */
  async #fromRows(window: Window, folded: readonly Folded[], signal: AbortSignal, attempt = 0): Promise<void> {
    if (folded.length === 0) return;
    const gone = folded.filter(isGone);
    const asked = folded.filter((one) => !isGone(one));
    if (gone.length > 0)
      await this.#writeRows(
        window,
        gone.map((item) => ({ item, row: undefined })),
        signal,
        attempt,
      );
    for await (const group of this.#lookUps.read(asked, ({ change }) => change.key, signal)) {
      window.lookedUp += group.length;
      await this.#writeRows(window, group, signal, attempt);
    }
  }

  async #writeRows(window: Window, group: readonly LookedUp<Folded>[], signal: AbortSignal, attempt: number): Promise<void> {
    const { keys } = this.#mapper;
    const prefixes = keys.kind === "prefix" && !keys.single ? group.map(({ item }) => item.change.key) : [];
    const found = prefixes.length === 0 ? [] : await keysBehind(this.#options.target.reader(), prefixes, signal);
    let box = this.#newBox();
    for (const [at, owner] of group.entries()) {
      const { item, row } = owner;
      const mapped = window.refusing(item, row, () =>
        this.#mapper.fromRow(item.change.key, row, this.#mapper.formerKeys(item), found[at] ?? [], attempt),
      );
      if (mapped !== "refused") box = await this.#add(window, box, owner, mapped);
    }
    await this.#send(window, box);
  }

  #newBox(): Outbox<LookedUp<Folded>> {
    return new Outbox(this.#options.mapping.injectiveBy === "proof");
  }

  /** Adds writes to a box, or sends it and begins another with them. */
  async #add(window: Window, box: Outbox<LookedUp<Folded>>, owner: LookedUp<Folded>, mapped: Mapped): Promise<Outbox<LookedUp<Folded>>> {
    if (mapped.filtered) window.filtered += owner.item.changes.length;
    if (box.add(owner, mapped)) return box;
    await this.#send(window, box);
    const next = this.#newBox();
    next.add(owner, mapped);
    return next;
  }

  async #send(window: Window, box: Outbox<LookedUp<Folded>>): Promise<void> {
    if (box.isEmpty) return;
    const { written, failed, expiredCells } = await box.send(this.#encoder, this.#options.writer);
    window.puts += written.put;
    window.updates += written.update;
    window.deletes += written.delete;
    window.expiredCells += expiredCells;
    for (const one of failed) window.fail(one);
  }

  /** Waits until nothing that was sent can take effect any more, before a key is written again, or left to whoever replays it (R2). */
  async #settle(signal: AbortSignal): Promise<void> {
    const { writer, clock, doubtMs } = this.#options;
    if (!writer.settled) await clock.sleep(doubtMs, signal);
  }

  async #park(window: Window, signal: AbortSignal): Promise<void> {
    const refused = window.refused(({ folded }) => this.#formerKeys(folded));
    if (refused.length === 0) return;
    await this.#settle(signal);
    await this.#options.parked.park(refused, signal);
    for (const { folded } of refused) window.parked += folded.changes.length;
  }

  #formerKeys(folded: Folded): readonly SourceKey[] | undefined {
    return this.#mapper.imagesLack(folded) ? undefined : this.#mapper.formerKeys(folded);
  }
}

export async function changeEncoderOf(target: Target, title: string): Promise<ChangeEncoder> {
  if (target.changeEncoder !== undefined) return target.changeEncoder();
  throw new TableferryError("TF_TARGET_SCHEMA", {
    message: `${title} takes whole rows of a copy only, and no changes`,
    wayOut: "Name a table of Table Store as the target of a sync.",
  });
}

/** The records tell for sure that the row is gone; nothing need be read. */
function isGone({ change, unsure }: Folded): boolean {
  return !unsure && change.type === "delete";
}
