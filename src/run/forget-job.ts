import type { JobContext } from "../job/context.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { RunLease } from "../pipeline/run-lease.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import { closing } from "./closing.ts";
import { migrationState, openState } from "./open-state.ts";

/**
 * Removes everything the state keeps of a job: checkpoints, rejects, its result. The rows in the target stay. The next run starts
 * from the beginning, and the policy for targets that are not empty decides. Returns the number of entries removed.
 * @throws TF_RUN_HELD while another process runs the job
 */
export function forgetJob(spec: JobSpec, context: JobContext): Promise<number> {
  return closing(async (opened) => {
    const state = await openState(migrationState(spec), spec, context, opened);
    const keys: string[] = [];
    for await (const [key] of state.scan(stateKeys.all(spec.name))) keys.push(key);
    if (keys.length === 0) return 0;
    const { clock, chance, signal, note } = context;
    const leaseMs = spec.kind === "migration" ? spec.leaseSeconds * 1000 : 10_000;
    const leaseKey = stateKeys.lease(spec.name);
    const lease = await RunLease.acquire({ state, key: leaseKey, job: spec.name, clock, chance, leaseMs, signal, note });
    try {
      // The record first: without it the rest counts for nothing, so being killed here leaves a job that starts anew.
      const [run, others] = [stateKeys.run(spec.name), keys.filter((key) => key !== leaseKey)];
      for (const key of [run, ...others.filter((one) => one !== run)]) await state.remove(key);
    } finally {
      await lease.release(true);
    }
    await state.remove(leaseKey);
    return keys.length;
  });
}
