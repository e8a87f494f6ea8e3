import type * as pulumi from "@pulumi/pulumi";
import { ByText, urnOf } from "./by-text.ts";
import { stopAtInterrupt } from "./stop-at-interrupt.ts";
import type { Declared } from "./sync-job.ts";

export interface CutoverArgs {
  /** A `SyncJob` with `cutOver`, and best with `continuous`: a fresh verification is asked for. */
  readonly sync: Declared;
  /** Where writers write. When it changes, they are moved; changed back, they are moved back. The other side takes writes of the sync only. */
  readonly writers: pulumi.Input<"source" | "target">;
  /** How long preview and update wait for what comes by itself (lag, a verification under way) before they refuse. Default 60. */
  readonly waitSeconds?: pulumi.Input<number> | undefined;
  /** Seconds after which a cut-over under way is taken back (or, past its hand-over, left to the next `up`). `cutOver.maxFenceSeconds` is the limit of the fence itself. */
  readonly timeoutSeconds?: pulumi.Input<number> | undefined;
  /** `pulumi destroy` leaves the side that is not written closed. Default false: both sides take writes again. */
  readonly keepClosed?: pulumi.Input<boolean> | undefined;
  /** Of a `ReplicatedTable`: each phase follows from certain ones only. */
  readonly phase?: pulumi.Input<string> | undefined;
}

/**
 * Where the writers of a table that is kept in step write: at its source or at its target. Moving them loses no acknowledged write, and is refused, in the
 * preview too, while anything is not in order (docs/cut-over.md).
 *
 * @example
 * const follow = new SyncJob("orders", { source, target, continuous: {}, cutOver: {} });
 * new Cutover("orders-writers", { sync: follow, writers: "source" });   // then: "target"
 */
export class Cutover extends ByText {
  declare readonly writers: pulumi.Output<"source" | "target">;
  /** Of the last move: for how long neither side took writes. Null: there was none. */
  declare readonly fenceSeconds: pulumi.Output<number | null>;
  /** How often writers were moved. */
  declare readonly turns: pulumi.Output<number>;
  /** When they were moved last (ISO 8601); empty: never. */
  declare readonly turnedAt: pulumi.Output<string>;

  constructor(name: string, args: CutoverArgs, opts: pulumi.CustomResourceOptions = {}) {
    const { sync, ...rest } = args;
    // Ended before it is made anew: it opens what the new one closes.
    super("cutover", name, { ...rest, job: sync.declared }, ["fenceSeconds", "turns", "turnedAt"], { deleteBeforeReplace: true, ...opts });
    stopAtInterrupt(urnOf("cutover", name, opts));
  }
}
