import type { MigrationSpec } from "../job/job-spec.ts";

/** Rejects beyond the allowance after which carrying on serves nobody: the job cannot succeed, and the cause is known. */
const beyondMax = 1000;

/** Counts the rejects of a job against what it allows. */
export class RejectTally {
  readonly #policy: MigrationSpec["rejects"];
  #count: number;

  constructor(policy: MigrationSpec["rejects"], count: number) {
    this.#policy = policy;
    this.#count = count;
  }

  get exceeded(): boolean {
    return this.#count > this.#policy.allowed;
  }

  forget(count: number): void {
    this.#count -= count;
  }

  /** @throws TooManyRejects when the job is to stop now */
  add(count: number): void {
    this.#count += count;
    const { allowed, onReject } = this.#policy;
    if (this.#count > (onReject === "stop" ? allowed : allowed + beyondMax)) throw new TooManyRejects();
  }
}

/** Ends a copy early; the run turns it into TF_REJECTS with counts. */
export class TooManyRejects extends Error {
  constructor() {
    super("more rejects than allowed");
    this.name = "TooManyRejects";
  }
}
