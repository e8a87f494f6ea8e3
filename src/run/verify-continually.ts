import { hasCode, toError } from "../base/error.ts";
import type { SyncSpec } from "../job/sync-spec.ts";
import { RunLease } from "../pipeline/run-lease.ts";
import { stateKeys } from "../pipeline/state-keys.ts";
import type { StateStore } from "../pipeline/state-store.ts";
import { readControl } from "../sync/sync-control.ts";
import { rollingReport } from "../verify/rolling/report.ts";
import type { SyncContext } from "./sync-context.ts";
import { verifySync } from "./verify-sync.ts";

/** Milliseconds after which it is tried again where another worker verifies, or verifying failed. */
const againMs = 3000;
/** Milliseconds of the lease by which one worker verifies. */
const leaseMs = 30_000;

/** Verifies a sync round after round in one of its workers, until the signal; what goes wrong is told and does not stop the sync. */
export async function verifyContinually(spec: SyncSpec, state: StateStore, context: SyncContext): Promise<void> {
  const { clock, chance, signal, note } = context;
  const { everySeconds } = spec.continuous!;
  const quiet = { ...context, onProgress: () => undefined };
  while (!signal.aborted) {
    try {
      const lease = await RunLease.acquire({
        ...{ state, job: `${spec.name}, verification`, clock, chance, leaseMs, signal },
        key: stateKeys.verifier(spec.name),
        note: () => undefined,
      });
      try {
        while (!signal.aborted && !lease.lost.aborted) {
          // A cut-over under way verifies by itself, and two verifiers would take the round from each other.
          if ((await readControl(state, spec.name)).eager === true) {
            await clock.sleep(againMs, signal);
            continue;
          }
          const { verifiedSince } = await rollingReport(state, spec.name);
          // The first round is not spread over its time: a cut-over, and the way back after one, wait for it.
          const pace = verifiedSince === null ? undefined : everySeconds;
          const { round } = await verifySync(spec, quiet, { everySeconds: pace, repair: false, deleteExtras: false });
          if (round.differing > 0)
            note(
              `Verification of ${spec.name} found ${round.differing} differing rows; \`tableferry sync verify --report\` and \`--repair\`.`,
            );
        }
      } finally {
        await lease.release(true);
      }
    } catch (error) {
      if (!signal.aborted && !hasCode(error, "TF_RUN_HELD"))
        note(`Verification of ${spec.name} is tried again: ${toError(error).message.split("\n")[0]}`);
    }
    await clock.sleep(againMs, signal).catch(() => undefined);
  }
}
