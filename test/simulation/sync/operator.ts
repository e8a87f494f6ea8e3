import { tableSource } from "../../../src/connector/table-store/table-source.ts";
import { tableTarget } from "../../../src/connector/table-store/table-target.ts";
import { TableStoreClient } from "../../../src/client/table-store-client.ts";
import { loadMapping } from "../../../src/job/load-mapping.ts";
import type { SyncSpec } from "../../../src/job/sync-spec.ts";
import { jobSides } from "../../../src/pipeline/job-sides.ts";
import { TableStateStore } from "../../../src/pipeline/table-state-store.ts";
import { longestOperationMs, requestDeadlineMs } from "../../../src/run/sync-deadlines.ts";
import { Throttle } from "../../../src/pipeline/throttle.ts";
import type { AppliedPosition } from "../../../src/verify/rolling/applied-position.ts";
import { runRolling } from "../../../src/verify/rolling/rolling.ts";
import type { Difference } from "../../../src/job/result.ts";
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

  /** One round of the rolling verifier: the differences it calls such. */
  async verify(applied: AppliedPosition, parked: () => Iterable<string>, signal: AbortSignal): Promise<readonly Difference[]> {
    const spec = this.#spec;
    const { clock, chance } = this.process;
    const client = this.#client();
    const source = tableSource(client, spec.source.table);
    const target = tableTarget(client, spec.target.table, { clock });
    const [sourceNow, targetNow] = await Promise.all([source.describe(signal), target.describe(signal)]);
    const { mapping, scope } = jobSides(spec, await loadMapping(spec.mapping, "/"), sourceNow, targetNow, this.#images);
    const keyOf = (pk: string) => [{ name: "pk", value: pk }];
    const report = await runRolling({
      ...{ job: JOB, source, target: target.reader(targetNow.key), mapping, scope, applied, state: this.#state() },
      explained: {
        holds: (keys) => Promise.resolve(keys.map(([column]) => [...parked()].includes(String(column!.value)))),
        all: async function* () {
          for (const pk of parked()) yield keyOf(pk);
        },
      },
      ...{ throttle: new Throttle(clock, {}), limits: spec.limits, verify: spec.verify, token: chance.id() },
      context: { clock, chance, signal, folder: "/", env: {}, onProgress: () => undefined, note: () => undefined },
    });
    return report.differences.filter(({ kind }) => kind !== "unsettled");
  }

  #state(): TableStateStore {
    return new TableStateStore({ client: this.#client(), table: STATE, clock: this.process.clock });
  }

  #client(): TableStoreClient {
    const { clock, chance } = this.process;
    return new TableStoreClient({ instance: INSTANCE, credentials: ROOT, transport: this.link.transport, clock, chance });
  }
}
