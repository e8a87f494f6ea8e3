import type * as pulumi from "@pulumi/pulumi";
import type { MigrationInput } from "../src/index.ts";
import { ByText, urnOf, type Inputs } from "./by-text.ts";
import type { JobArgs } from "./job-args.ts";
import { incarnationOf, placeOf } from "./place.ts";
import { stopAtInterrupt } from "./stop-at-interrupt.ts";

export interface VerificationArgs extends JobArgs {
  /** `onMismatch: "fail"` (default) fails the update when the sides differ, `report` records it in the outputs. */
  readonly verify?: Inputs<NonNullable<MigrationInput["verify"]>> | undefined;
}

/**
 * Compares two sides, all rows or a part, reads both and writes to neither; the result is a signed certificate. Runs when it is made,
 * when its inputs change and when `triggers` do.
 *
 * @example
 * const proof = new Verification("orders", { source: legacyOrders, target: orders, mapping: "mappings/orders.ts", triggers: [move.digest] });
 */
export class Verification extends ByText {
  declare readonly jobId: pulumi.Output<string>;
  declare readonly jobName: pulumi.Output<string>;
  declare readonly outcome: pulumi.Output<"complete" | "stopped" | "different">;
  declare readonly equal: pulumi.Output<boolean>;
  declare readonly sourceRows: pulumi.Output<number>;
  declare readonly targetRows: pulumi.Output<number>;
  /** Hex SHA-256 over either side's rows, independent of order; equal when the sides are. */
  declare readonly sourceDigest: pulumi.Output<string>;
  declare readonly targetDigest: pulumi.Output<string>;
  declare readonly differenceCount: pulumi.Output<number>;
  declare readonly seconds: pulumi.Output<number>;
  declare readonly mappingHash: pulumi.Output<string>;
  /** The signed certificate, relative to the folder of Pulumi.yaml; empty where none was asked for. */
  declare readonly certificate: pulumi.Output<string>;
  /** SHA-256 of the key that signed it. */
  declare readonly certificateFingerprint: pulumi.Output<string>;

  constructor(name: string, args: VerificationArgs, opts: pulumi.CustomResourceOptions = {}) {
    const { source, target, ...rest } = args;
    const sides = { source: placeOf(source), target: placeOf(target) };
    const incarnations = { sourceIncarnation: incarnationOf(source), targetIncarnation: incarnationOf(target) };
    super("verification", name, { ...rest, ...sides, ...incarnations }, verificationOutputs, { deleteBeforeReplace: true, ...opts });
    stopAtInterrupt(urnOf("verification", name, opts));
  }
}

const verificationOutputs = [
  ...["jobId", "jobName", "outcome", "equal", "sourceRows", "targetRows", "sourceDigest", "targetDigest", "differenceCount"],
  ...["seconds", "mappingHash", "certificate", "certificateFingerprint"],
];
