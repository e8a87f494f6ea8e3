import { TableferryError } from "../base/error.ts";
import type { JobContext } from "../job/context.ts";
import type { JobSpec, MigrationSpec } from "../job/job-spec.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { ownerText } from "../pipeline/process-owner.ts";
import { RunLease } from "../pipeline/run-lease.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { conditionOf, readWorkers } from "../sync/worker-record.ts";
import { closing } from "./closing.ts";
import { keysOf } from "./keys-of.ts";
import { wayOf } from "./sync-ways.ts";
import { migrationState, openState, verificationKeys, verificationState } from "./open-state.ts";

/**
 * Removes everything the state keeps of a job: checkpoints, rejects, its result. The rows in the target stay. The next run starts
 * from the beginning, and the policy for targets that are not empty decides. Of a verification, what an interrupted one has kept
 * is removed. Returns the number of entries removed.
 * @throws TF_RUN_HELD while another process runs the job
 */
export function forgetJob(spec: JobSpec, context: JobContext): Promise<number> {
  return closing(async (opened) => {
    if (spec.kind === "migration") return forgetMigration(await openState(migrationState(spec), spec, context, opened), spec, context);
    const state = await openState(verificationState(spec), spec, context, opened);
    const keys = await keysOf(state, verificationKeys(spec.name));
    for (const key of keys) await state.remove(key);
    return keys.length;
  });
}

/**
 * Removes everything the state keeps of a sync: its stage, its copy, what is parked, the audit. Rows, stream and tunnel stay; a tunnel goes on where its
 * clients left it. Of a sync with a cut-over, the state of both ways. Returns the number of entries removed.
 * @throws TF_RUN_HELD while a worker is alive
 */
export function forgetSync(spec: SyncSpec, context: Pick<JobContext, "clock" | "chance" | "folder" | "env" | "signal">): Promise<number> {
  return closing(async (opened) => {
    const state = await openState(migrationState(spec), spec, context, opened);
    const ways = spec.cutOver === undefined ? [spec.name] : [spec.name, wayOf(spec, "back").name];
    for (const name of ways) await refuseAlive(state, name, context);
    let removed = 0;
    for (const name of ways) {
      // The record first: without it the rest counts for nothing, so being killed here leaves a sync that starts anew.
      const record = stateKeys.sync(name);
      const keys = await keysOf(state, stateKeys.all(name));
      for (const key of [...keys.filter((one) => one === record), ...keys.filter((one) => one !== record)]) await state.remove(key);
      removed += keys.length;
    }
    return removed;
  });
}

async function refuseAlive(state: StateStore, job: string, { clock }: Pick<JobContext, "clock">): Promise<void> {
  const alive = (await readWorkers(state, job)).find((worker) => conditionOf(worker, clock.now()) === "alive");
  if (alive === undefined) return;
  throw new TableferryError("TF_RUN_HELD", {
    message: `${ownerText(alive.owner)} synchronises ${job}`,
    place: job,
    wayOut: "Let its workers end (`tableferry sync drain FILE`), then forget it.",
  });
}

async function forgetMigration(state: StateStore, spec: MigrationSpec, { clock, chance, signal, note }: JobContext): Promise<number> {
  const { name, leaseSeconds } = spec;
  const keys = await keysOf(state, stateKeys.all(name));
  if (keys.length === 0) return 0;
  const leaseKey = stateKeys.lease(name);
  const lease = await RunLease.acquire({ state, key: leaseKey, job: name, clock, chance, leaseMs: leaseSeconds * 1000, signal, note });
  try {
    // The record first: without it the rest counts for nothing, so being killed here leaves a job that starts anew.
    const run = stateKeys.run(name);
    for (const key of [run, ...keys.filter((one) => one !== run && one !== leaseKey)]) await state.remove(key);
  } finally {
    await lease.release(true);
  }
  await state.remove(leaseKey);
  return keys.length;
}
