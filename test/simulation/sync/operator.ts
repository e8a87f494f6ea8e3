import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import { tableTarget } from "../../../src/connector/table-store/table-target.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { loadMapping } from "../../../src/job/load-mapping.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import { jobSides } from "../../../src/pipeline/job-sides.ts";
import { TableStateStore } from "../../../src/pipeline/table-state-store.ts";
import { longestOperationMs, requestDeadlineMs } from "../../../src/run/sync-table.ts";
import { replayParked, type ReplayResult } from "../../../src/sync/apply/replay-parked.ts";
import { changeControl, type SyncControl } from "../../../src/sync/sync-control.ts";
import type { Link } from "./link.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import { INSTANCE, ROOT } from "./simulated-server.ts";
import { JOB, STATE } from "./witness.ts";

/** Somebody at a command line beside the workers, over a network of his own. */
export class Operator {
  readonly process: SimulatedProcess;
  readonly link: Link;
  readonly #spec: SyncSpec;
  readonly #images: readonly string[];

  /** @param images columns whose old values stand in the source's stream */
  constructor(process: SimulatedProcess, link: Link, spec: SyncSpec, images: readonly string[]) {
    this.process = process;
    this.link = link;
    this.#spec = spec;
    this.#images = images;
  }

  async control(change: Partial<SyncControl>): Promise<void> {
    await changeControl(this.#state(), JOB, this.process.chance.id(), change);
  }

  async replay(signal: AbortSignal): Promise<ReplayResult> {
    const spec = this.#spec;
    const { clock, chance } = this.process;
    const client = this.#client();
    const source = tableSource(client, spec.source.table);
    const target = tableTarget(client, spec.target.table, { clock });
    const [sourceNow, targetNow] = await Promise.all([source.describe(signal), target.describe(signal)]);
    const { mapping, scope } = jobSides(spec, await loadMapping(spec.mapping, "/"), sourceNow, targetNow, this.#images);
    return replayParked({
      ...{ state: this.#state(), job: JOB, mapping, scope, source, target, clock, chance, signal },
      sourceKey: sourceNow.key,
      described: targetNow,
      requestDeadlineMs: requestDeadlineMs(spec),
      longestOperationMs: longestOperationMs(spec),
    });
  }

  #state(): TableStateStore {
    return new TableStateStore({ client: this.#client(), table: STATE, clock: this.process.clock });
  }

  #client(): TableStoreClient {
    const { clock, chance } = this.process;
    return new TableStoreClient({ instance: INSTANCE, credentials: ROOT, transport: this.link.transport, clock, chance });
  }
}
