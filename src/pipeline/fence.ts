import { TableferryError } from "../base/error.ts";

/**
 * Guards every write to the target (engine rule R2). `ready` waits until writing is right, renewing the right where that is
 * due; `assertMaySend` is the synchronous check immediately before bytes leave: no time may pass between it and the sending.
 */
export interface Fence {
  /** Milliseconds a write may take at most; after that it must have been given up. */
  readonly requestDeadlineMs: number;
  /** @throws TF_FENCED when another run has taken over */
  ready(signal?: AbortSignal): Promise<void>;
  /** @throws TF_FENCED; SendTooLate when the right must be renewed first */
  assertMaySend(): void;
}

/**
 * The right to write may have run out, as after the process was stopped for a while: nothing was sent. `Fence.ready` finds out
 * whether another run has taken over, and if none has, sending is right again.
 */
export class SendTooLate extends TableferryError {
  constructor() {
    super("TF_FENCED", { message: "the right to write ran out before this write was sent" });
  }
}

/** The fence of a job without a run behind it: where nothing else can write. */
export const openFence: Fence = { requestDeadlineMs: 30_000, ready: () => Promise.resolve(), assertMaySend: () => undefined };

/** Handed to clients that are opened before the run is held; nothing may be sent until then. */
export class LateFence {
  #fence: Fence | undefined;

  arm(fence: Fence): void {
    this.#fence = fence;
  }

  /** For a transport's `beforeSend`: every try of every write passes it. */
  readonly beforeSend = (): void => {
    if (this.#fence === undefined) throw new TableferryError("TF_INTERNAL", { message: "a write was sent before the run was held" });
    this.#fence.assertMaySend();
  };
}
