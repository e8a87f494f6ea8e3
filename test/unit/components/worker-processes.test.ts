import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  isLiving,
  lastWordsOf,
  livingWorkers,
  recordedWorkers,
  removeJobFile,
  startWorker,
  stopWorker,
  writeJobFile,
  type WorkerProcess,
  type WorkersPlace,
} from "../../../components/provider/worker-processes.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { ownerOf } from "../../../src/pipeline/process-owner.ts";

let folder: string;
let at: WorkersPlace;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-workers-"));
  at = { file: join(folder, ".tableferry/sync/dev/orders.json") };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = { jobId: "a job", manner: "a manner" };
const start = (place: number) => startWorker(at, place, { settings, folder, env: process.env, more: () => false });
const patient = { clock: systemClock, patienceMs: 20_000 };

/** As if a worker had been started in a place; whichever process that is. */
function note({ place, owner }: Pick<WorkerProcess, "place" | "owner">): void {
  const file = join(dirname(at.file), "orders", `worker-${String(place)}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ owner, settings, logFrom: 0 }));
}

async function ended(worker: WorkerProcess): Promise<void> {
  for (let looks = 0; await isLiving(worker); looks++) {
    if (looks > 400) throw new Error("the worker did not end within 20 s");
    await systemClock.sleep(50);
  }
}

describe("a worker", () => {
  test("that was started is found by whoever comes later, and by its last words once it has ended", async () => {
    writeJobFile(at, '{ "kind": "sync" }');
    const worker = await start(2);
    expect(recordedWorkers(at)).toEqual([worker]);
    await ended(worker);
    expect(await livingWorkers(at)).toEqual([]);
    expect(lastWordsOf(at, worker)).toContain("TF_SPEC_INVALID");
    const next = await start(2);
    expect(next.logFrom, "bytes of the log that are of the former worker").toBeGreaterThan(0);
    await ended(next);
  });

  test("runs without what the provider's environment holds of secrets, save the credentials it needs", async () => {
    writeJobFile(at, "");
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: "secret", ORDERS_ACCESS_KEY_ID: "id", NODE_OPTIONS: "--nonsense" };
    const worker = await startWorker(at, 1, { settings, folder, env, more: (name) => name === "ORDERS_ACCESS_KEY_ID" });
    await ended(worker);
    // With --nonsense it would not even have read its job.
    expect(lastWordsOf(at, worker)).toContain("TF_SPEC_INVALID");
  });

  test("is asked to end, waited for and no longer recorded; its log stays", async () => {
    const child = spawn(process.execPath, [
      "-e",
      "process.on('SIGTERM', () => process.exit()); console.log('ready'); setInterval(() => {}, 1000)",
    ]);
    await once(child.stdout, "data");
    note({ place: 1, owner: ownerOf(child.pid!)! });
    const [worker] = await livingWorkers(at);
    expect(await stopWorker(at, worker!, patient)).toBe("ended");
    expect(recordedWorkers(at)).toEqual([]);
  });

  test("that does not end in time is killed", async () => {
    const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)"]);
    await once(child.stdout, "data");
    note({ place: 1, owner: ownerOf(child.pid!)! });
    const [worker] = await livingWorkers(at);
    expect(await stopWorker(at, worker!, { clock: systemClock, patienceMs: 200 })).toBe("killed");
    expect(await isLiving(worker!)).toBe(false);
  });

  test("whose pid another process has by now is neither counted nor signalled", async () => {
    const child = spawn(process.execPath, ["-e", "console.log('ready'); setInterval(() => {}, 1000)"]);
    await once(child.stdout, "data");
    const owner = { ...ownerOf(child.pid!)!, started: "1" };
    note({ place: 1, owner });
    expect(await livingWorkers(at)).toEqual([]);
    await stopWorker(at, recordedWorkers(at)[0]!, patient);
    expect(ownerOf(child.pid!), "the other process").toBeDefined();
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  test("whose record is half written or somebody else's file says nothing", async () => {
    mkdirSync(join(dirname(at.file), "orders"), { recursive: true });
    for (const [name, text] of [
      ["worker-1.json", '{ "owner": {'],
      ["worker-2.json", "{}"],
      ["notes.json", "{}"],
    ] as const)
      writeFileSync(join(dirname(at.file), "orders", name), text);
    expect(recordedWorkers(at)).toEqual([]);
  });

  test("and its job's file are gone from the folder at the end", async () => {
    writeJobFile(at, "{}");
    note({ place: 1, owner: ownerOf(process.pid)! });
    removeJobFile(at);
    expect([existsSync(at.file), await livingWorkers(at)]).toEqual([false, []]);
  });
});
