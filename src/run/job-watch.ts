import { TableferryError } from "../base/error.ts";
import type { SyncInput } from "../sync/prepare-sync.ts";
import { peekSync, type SyncRecord } from "../sync/sync-record.ts";
import type { WorkerRecord } from "../sync/worker-record.ts";
import { retentionWarning } from "../sync/watch-retention.ts";

/** Milliseconds between two looks: each costs a DescribeTable. */
const lookMs = 60_000;
/** Milliseconds between two warnings of one kind. */
const warnAgainMs = 600_000;

/** Looks now and then whether the sync may go on: the source is the table it began with (R9), and changes do not expire unread (R3). */
export class JobWatch {
  readonly #input: SyncInput;
  readonly #record: SyncRecord;
  readonly #retentionHours: number;
  #lookedAt: number;
  #warnedAt = -Infinity;
  #oldest: { readonly moment: number; readonly at: number } | undefined;

  constructor(input: SyncInput, record: SyncRecord, retentionHours: number) {
    this.#input = input;
    this.#record = record;
    this.#retentionHours = retentionHours;
    this.#lookedAt = input.context.clock.monotonic();
  }

  /** @throws TF_INCARNATION, TF_CHANGES_EXPIRED, what describing throws */
  async look(worker: WorkerRecord): Promise<void> {
    const { context, source } = this.#input;
    this.#watchRetention(worker);
    await this.#refuseBegunAnew();
    if (context.clock.monotonic() - this.#lookedAt < lookMs) return;
    this.#lookedAt = context.clock.monotonic();
    const { incarnation, title } = await source.describe(context.signal);
    if (incarnation === this.#record.source.incarnation) return;
    throw new TableferryError("TF_INCARNATION", {
      message: `${title} was deleted and made anew, or its stream was switched off and on, while it was synchronised`,
      place: title,
    });
  }

  /** Another worker may have begun the sync anew: with another mapping, or copying once more. What it reads then must not be written over by what we apply (R3). */
  async #refuseBegunAnew(): Promise<void> {
    const { state, spec } = this.#input;
    const now = await peekSync(state, spec.name);
    const { begun, mappingHash } = this.#record;
    if (now?.stage === "streaming" && now.begun === begun && now.mappingHash === mappingHash) return;
    throw new TableferryError("TF_FENCED", {
      message: now === undefined ? "the sync was forgotten" : "another worker has begun the sync anew, or with another mapping",
      place: spec.name,
    });
  }

  #watchRetention({ channels }: WorkerRecord): void {
    const { spec, context } = this.#input;
    const now = context.clock.now();
    const oldestUnread = channels.reduce((oldest, { oldestWaiting }) => Math.min(oldest, oldestWaiting ?? now), now);
    const before = this.#oldest;
    this.#oldest = { moment: oldestUnread, at: now };
    const warning = retentionWarning({
      retentionHours: this.#retentionHours,
      warnHours: spec.warnHours,
      oldestUnread,
      movedMs: before === undefined ? 0 : oldestUnread - before.moment,
      overMs: before === undefined ? 0 : now - before.at,
      now,
    });
    if (warning === undefined || now - this.#warnedAt < warnAgainMs) return;
    this.#warnedAt = now;
    context.note(warning);
  }
}
