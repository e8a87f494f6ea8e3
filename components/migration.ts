import type * as pulumi from "@pulumi/pulumi";
import type { EndpointInput, MigrationInput } from "../src/index.ts";
import { ByText, urnOf, type Inputs } from "./by-text.ts";
import type { JobArgs } from "./job-args.ts";
import { incarnationOf, placeOf } from "./place.ts";
import { stopAtInterrupt } from "./stop-at-interrupt.ts";

export interface MigrationArgs extends JobArgs {
  readonly verify?: Inputs<NonNullable<MigrationInput["verify"]>> | undefined;
  /** When the target holds rows before the first run: `refuse` (default), `merge`, or `mirror`, which deletes what the source has not. */
  readonly onTargetNotEmpty?: pulumi.Input<"refuse" | "merge" | "mirror"> | undefined;
  readonly leaseSeconds?: pulumi.Input<number> | undefined;
  /**
   * When the mapping, the source or the target of a finished migration changes: `refuse` (default) fails the preview, `recopy` runs
   * the changed job from the beginning over what is there.
   */
  readonly onChange?: pulumi.Input<"refuse" | "recopy"> | undefined;
}

/**
 * Copies rows, proves the copy and certifies it, in `pulumi up`. Interrupted in any way, the next `up` goes on from the last
 * checkpoint; finished and unchanged, it does nothing.
 *
 * @example
 * const move = new Migration("orders", { source: legacyOrders, target: orders, mapping: "mappings/orders.ts" });
 * export const certificate = move.certificate;
 */
export class Migration extends ByText {
  /** The target, as a side of a job that is to wait for this one. */
  declare readonly target: pulumi.Output<EndpointInput>;
  /** Identifies the job: a hash over what is moved, from where to where, and the mapping. */
  declare readonly jobId: pulumi.Output<string>;
  declare readonly jobName: pulumi.Output<string>;
  declare readonly outcome: pulumi.Output<"complete" | "stopped" | "different">;
  /** Rows in the target that came of this job. */
  declare readonly rows: pulumi.Output<number>;
  /** Bytes read from the source. */
  declare readonly bytes: pulumi.Output<number>;
  /** Rows that could not be carried over; they are kept in the job's state. (`rejects` is the policy for them.) */
  declare readonly rejectedRows: pulumi.Output<number>;
  /** Of the run that finished. */
  declare readonly seconds: pulumi.Output<number>;
  declare readonly mappingHash: pulumi.Output<string>;
  /** Digest of the target's rows (hex SHA-256), the same for any copy of the same rows; empty without verification. */
  declare readonly digest: pulumi.Output<string>;
  /** The signed certificate, relative to the folder of Pulumi.yaml; empty where none was asked for. */
  declare readonly certificate: pulumi.Output<string>;
  /** SHA-256 of the key that signed it. */
  declare readonly certificateFingerprint: pulumi.Output<string>;

  constructor(name: string, args: MigrationArgs, opts: pulumi.CustomResourceOptions = {}) {
    const { source, target, ...rest } = args;
    const sides = { source: placeOf(source), target: placeOf(target) };
    const incarnations = { sourceIncarnation: incarnationOf(source), targetIncarnation: incarnationOf(target) };
    // Deleted before it is made anew, so that `--replace` finds no finished job to take over.
    super("migration", name, { ...rest, ...sides, ...incarnations }, migrationOutputs, { deleteBeforeReplace: true, ...opts });
    stopAtInterrupt(urnOf("migration", name, opts));
  }
}

const migrationOutputs = [
  "jobId",
  "jobName",
  "outcome",
  "rows",
  "bytes",
  "rejectedRows",
  "seconds",
  "mappingHash",
  "digest",
  "certificate",
  "certificateFingerprint",
];
