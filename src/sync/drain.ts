import type { ChannelState } from "./channel-progress.ts";
import type { SyncControl } from "./sync-control.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** An order to drain as one worker carries it out: which channels it has seen to hold nothing more from before the order. */
export class Drain {
  readonly order: string;
  /** Wall clock of this worker, milliseconds, when it heard of the order. */
  readonly #since: number;
  readonly #channels = new Set<string>();

  constructor(order: string, since: number) {
    this.order = order;
    this.#since = since;
  }

  get record(): NonNullable<WorkerRecord["drained"]> {
    return { order: this.order, channels: [...this.#channels] };
  }

  /** Looks at the channels that are held now; what is drained stays so. */
  look(held: readonly ChannelState[]): void {
    for (const { id, doing, caughtUpAt } of held)
      if (doing === "finished" || (caughtUpAt !== null && caughtUpAt >= this.#since)) this.#channels.add(id);
  }

  /**
   * Whether the whole sync is drained: each of these channels by this worker, or by another one that says so. A channel that nobody holds, or whose holder
   * died, is not.
   */
  isOver(channels: readonly string[], workers: readonly WorkerRecord[]): boolean {
    const drained = new Set(this.#channels);
    for (const { drained: told } of workers) if (told?.order === this.order) for (const id of told.channels) drained.add(id);
    return channels.every((id) => drained.has(id));
  }
}

/** Names the orders to drain, or to hand over, that hold for a worker; undefined without any. */
export function drainOrderOf(controls: readonly SyncControl[]): string | undefined {
  const draining = controls.filter((control) => control.draining || control.handingOver === true);
  return draining.length === 0 ? undefined : draining.map(({ drainOrder = "" }) => drainOrder).join(" ");
}
