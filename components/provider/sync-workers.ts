import { credentialVariables, type SyncOrder } from "./sync-order.ts";
import { untilSign } from "./sync-standing.ts";
import {
  forgetWorker,
  livingWorkers,
  recordedWorkers,
  startWorker,
  stopWorker,
  writeJobFile,
  type WorkerProcess,
} from "./worker-processes.ts";

/**
 * Makes the workers of this machine those that are declared, whatever is there: what runs as declared goes on undisturbed, the rest is started, stopped,
 * or started again one by one. Running it again is safe at any point.
 * @returns the workers, by place; they have only been started
 */
export async function settleWorkers(order: SyncOrder): Promise<readonly WorkerProcess[]> {
  const { at, workers, settings, fileText } = order;
  writeJobFile(at, fileText);
  const living = await livingWorkers(at);
  // Two jobs under one name at once would be two masters of the target (R3, R13): those of the former end first.
  const ending = living.filter((one) => one.settings.jobId !== settings.jobId || one.place > workers);
  await Promise.all(ending.map((worker) => stop(order, worker)));
  const kept = new Map((await livingWorkers(at)).map((worker) => [worker.place, worker]));
  for (const { place } of recordedWorkers(at)) if (place > workers) forgetWorker(at, place);
  for (let place = 1; place <= workers; place++) {
    const running = kept.get(place);
    if (running === undefined) kept.set(place, await start(order, place));
    else if (running.settings.manner !== settings.manner) {
      await stop(order, running);
      const again = await start(order, place);
      kept.set(place, again);
      await untilSign(order, again);
    }
  }
  return [...kept.values()].toSorted((a, b) => a.place - b.place);
}

/** Ends all workers of this machine, at a checkpoint each. */
export async function stopAll(order: SyncOrder): Promise<void> {
  await Promise.all((await livingWorkers(order.at)).map((worker) => stop(order, worker)));
}

function start({ at, settings, subject, spec }: SyncOrder, place: number): Promise<WorkerProcess> {
  return startWorker(at, place, { settings, folder: subject.folder, env: subject.env, more: credentialVariables(spec) });
}

async function stop({ at, spec, context, subject }: SyncOrder, worker: WorkerProcess): Promise<void> {
  // What is under way ends within a request's deadline, which is a part of the session's time-out.
  const patienceMs = 30_000 + spec.sessionSeconds * 1000;
  const how = await stopWorker(at, worker, { clock: context.clock, patienceMs });
  if (how === "ended") return;
  await subject.engine.warn(
    subject.urn,
    `worker ${String(worker.place)} did not end within ${String(patienceMs / 1000)} s and was killed; its channels are taken over within ${String(spec.sessionSeconds)} s`,
  );
}
