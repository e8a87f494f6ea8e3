import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync, existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stoppable, type Stopping } from "../../../components/provider/stopping.ts";
import { stopRequestFile } from "../../../components/stop-request.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { testSubject, type TestSubject } from "./subject.ts";

let folder: string;
let subject: TestSubject;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-stopping-"));
  subject = testSubject(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const aborted = (stopping: Stopping) =>
  new Promise<string | undefined>((resolve) => stopping.signal.addEventListener("abort", () => resolve(stopping.cause())));
const request = (ageMs = 0) => {
  const file = stopRequestFile(folder, subject.urn);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  const at = Date.now() / 1000 - ageMs / 1000;
  utimesSync(file, at, at);
  return file;
};

describe("a run", () => {
  test("lies, by stack and name, where anybody can ask it to stop", () => {
    expect(stopRequestFile("/project", "urn:pulumi:dev::shop::a:b:C$pulumi-nodejs:dynamic/tableferry:Migration::my move")).toBe(
      join("/project", ".tableferry", "stop", "dev", "my%20move"),
    );
  });

  test("is stopped by its stop request, which is taken away once it has stopped", async () => {
    const rules = { clock: systemClock, since: Date.now() - 1000 };
    const outcome = await stoppable(subject, rules, async (stopping) => {
      const file = request();
      const cause = await aborted(stopping);
      return { cause, there: existsSync(file), file };
    });
    expect(outcome).toMatchObject({ cause: "asked", there: true });
    expect(existsSync(outcome.file)).toBe(false);
    expect(subject.left()).toBe(false);
  });

  test("is not stopped by a request that an earlier deployment left behind", async () => {
    const file = request(60_000);
    const clock = new VirtualClock();
    const cause = await stoppable(subject, { clock, since: Date.now() - 1000 }, async (stopping) => {
      for (let look = 0; look < 5; look++) {
        await clock.advance(200);
        await stat(file);
      }
      return stopping.cause();
    });
    expect(cause).toBeUndefined();
  });

  test("is stopped when its time is up, and not before", async () => {
    const clock = new VirtualClock();
    const run = stoppable(subject, { clock, since: 0, timeoutSeconds: 60 }, aborted);
    let settled = false;
    void run.then(() => (settled = true));
    await clock.advance(59_900);
    expect(settled).toBe(false);
    await clock.advance(200);
    expect(await run).toBe("time is up");
  });

  test("is stopped when the engine is gone; then the provider leaves, once nothing runs any more", async () => {
    const clock = new VirtualClock();
    const first = stoppable(subject, { clock, since: 0 }, aborted);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const second = stoppable(subject, { clock, since: 0 }, async (stopping) => {
      const cause = await aborted(stopping);
      await held;
      return cause;
    });
    subject.loseEngine();
    expect(await first).toBe("engine gone");
    await clock.advance(1_000);
    expect(subject.left()).toBe(false);
    release();
    expect(await second).toBe("engine gone");
    await clock.advance(1_000);
    expect(subject.left()).toBe(true);
  });

  test("passes on how it ended", async () => {
    const clock = new VirtualClock();
    await expect(stoppable(subject, { clock, since: 0 }, () => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
    expect(clock.waiting).toBe(0);
  });
});
