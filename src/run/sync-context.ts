import type { JobContext } from "../job/context.ts";
import type { WorkerRecord } from "../sync/worker-record.ts";
import type { OpenTransport } from "./open-client.ts";
import type { SyncJobStatus } from "./sync-job.ts";

/** What a worker of a sync is given from outside. */
export interface SyncContext extends JobContext {
  /** Told every few seconds, of each table it synchronises. */
  readonly onBeat?: ((job: string, record: WorkerRecord) => void) | undefined;
  /** Told every few seconds how the whole sync stands. */
  readonly onStatus?: ((status: SyncJobStatus) => void) | undefined;
  /** Instead of sockets: a simulation's way to the server. */
  readonly openTransport?: OpenTransport | undefined;
}

/** How a worker ended. JSON-clean. */
export interface SyncEnd {
  readonly job: string;
  /** `stopped`: its signal was aborted. `drained`: everything committed before the order to drain is applied. */
  readonly outcome: "stopped" | "drained";
  /** Tables it synchronised. */
  readonly tables: number;
}
