import type * as pulumi from "@pulumi/pulumi";
import type { MigrationInput } from "../src/index.ts";
import type { Inputs } from "./by-text.ts";
import type { Side } from "./place.ts";

/** What migrations and verifications, and for the most part syncs, are declared with alike; fields that a job file has too mean the same here. */
export interface JobArgs {
  readonly source: Side;
  readonly target: Side;
  /** A module whose default export is `defineMapping(…)`, relative to the folder of Pulumi.yaml, or the rules themselves. Left out: rows as they are. */
  readonly mapping?: Inputs<NonNullable<MigrationInput["mapping"]>> | undefined;
  /** Names the job's checkpoints and certificate. Default: the resource's name when it was first made; a renamed resource keeps it. */
  readonly jobName?: pulumi.Input<string> | undefined;
  readonly range?: Inputs<NonNullable<MigrationInput["range"]>> | undefined;
  readonly filter?: Inputs<NonNullable<MigrationInput["filter"]>> | undefined;
  readonly versions?: pulumi.Input<"latest" | "keep"> | undefined;
  readonly limits?: Inputs<NonNullable<MigrationInput["limits"]>> | undefined;
  readonly state?: Inputs<NonNullable<MigrationInput["state"]>> | undefined;
  readonly rejects?: Inputs<NonNullable<MigrationInput["rejects"]>> | undefined;
  readonly quiescent?: pulumi.Input<boolean> | undefined;
  /** Runs again whenever one of these values changes. */
  readonly triggers?: Inputs<readonly (string | number | boolean)[]> | undefined;
  /** Seconds after which a run stops at a checkpoint; the next `up` goes on from there. Pulumi's customTimeouts do not reach dynamic resources. */
  readonly timeoutSeconds?: pulumi.Input<number> | undefined;
}
