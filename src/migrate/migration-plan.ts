import type { KeySchema } from "../model/schema.ts";

/** What a migration would do, as `plan` and a Pulumi preview show it. JSON-clean; made without writing anything. */
export interface MigrationPlan {
  readonly job: string;
  /** Identity of the job; absent while the source or target is not known yet. */
  readonly jobHash?: string | undefined;
  /**
   * `unknown`: the source is not there yet, so it is known once it exists. `refuse`: the run would stop with the first of `problems`.
   */
  readonly action: "copy" | "resume" | "verify" | "nothing-to-do" | "refuse" | "unknown";
  readonly source: PlannedSide;
  readonly target: PlannedSide & { readonly willBeCreated: boolean; /** Undefined: not known. */ readonly empty?: boolean | undefined };
  readonly mapping?: PlannedMapping | undefined;
  readonly estimate: {
    readonly rows?: number | undefined;
    readonly bytes?: number | undefined;
    readonly seconds?: number | undefined;
    /** What the seconds rest on. */
    readonly basis?: string | undefined;
  };
  readonly splits: number;
  readonly workers: number;
  /** Where checkpoints and rejects are kept. */
  readonly state: string;
  /** What an interrupted run has done already. */
  readonly done?:
    { readonly rowsRead: number; readonly rowsWritten: number; readonly rejects: number; readonly splitsDone: number } | undefined;
  /** Errors with which the run would stop, `TF_CODE: sentence`. */
  readonly problems: readonly string[];
  /** What could go wrong, or may surprise. */
  readonly warnings: readonly string[];
  /** The same for people, a line each, summary last. */
  readonly lines: readonly string[];
}

export interface PlannedSide {
  readonly title: string;
  readonly exists: boolean;
  readonly key: readonly Pick<KeySchema, "name" | "type">[];
}

export interface PlannedMapping {
  readonly hash: string;
  readonly identity: boolean;
  readonly mode: "cells" | "image" | "look-up";
  readonly injective: "proved" | "promised" | "not proved";
  /** Sampled rows that it refuses, of how many: a forecast of rejects. */
  readonly sampled: number;
  readonly refused: number;
  readonly firstRefusals: readonly string[];
}
