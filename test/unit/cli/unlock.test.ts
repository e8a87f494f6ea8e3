import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { ownerState, thisMachine, type ProcessTable } from "../../../src/cli/pulumi/owner.ts";
import { projectName, stackLocks, type StackLock } from "../../../src/cli/pulumi/stack-lock.ts";

const minute = 60_000;
const lock: StackLock = { file: "l.json", pid: 123, host: "here", user: "me", since: 10 * minute };
const table = (alive: boolean, startedAt: number | undefined): ProcessTable => ({
  host: "here",
  lives: () => alive,
  startedAt: () => startedAt,
});

describe("the owner of a stack's lock", () => {
  test("is dead when no process has its id", () => {
    expect(ownerState(lock, table(false, undefined), 20 * minute)).toBe("dead");
  });

  test("is alive when its process is", () => {
    expect(ownerState(lock, table(true, 9 * minute), 20 * minute)).toBe("alive");
  });

  test("is dead when its id belongs to a younger process", () => {
    expect(ownerState(lock, table(true, 11 * minute), 20 * minute)).toBe("dead");
  });

  test("counts as alive when nobody knows the age of the process", () => {
    expect(ownerState(lock, table(true, undefined), 20 * minute)).toBe("alive");
  });

  test("cannot be judged from another machine, nor without an id", () => {
    expect(ownerState({ ...lock, host: "there" }, table(false, undefined), 20 * minute)).toBe("elsewhere");
    expect(ownerState({ ...lock, pid: Number.NaN }, table(false, undefined), 20 * minute)).toBe("elsewhere");
    expect(ownerState({ ...lock, pid: 0 }, table(false, undefined), 20 * minute)).toBe("elsewhere");
  });

  test("of this very process is found alive, with a start in the past", () => {
    expect(thisMachine.lives(process.pid)).toBe(true);
    const started = thisMachine.startedAt(process.pid, Date.now());
    if (process.platform === "linux") expect(started).toBeLessThanOrEqual(Date.now());
  });
});

describe("the locks of a stack", () => {
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "tableferry-locks-"));
    onTestFinished(() => rmSync(made, { recursive: true, force: true }));
    return made;
  };

  test("are read from the file backend, of this stack only", async () => {
    const home = folder();
    const locks = join(home, ".pulumi", "locks", "organization", "shop");
    for (const stack of ["dev", "prod"]) mkdirSync(join(locks, stack), { recursive: true });
    writeFileSync(join(locks, "dev", "a.json"), '{"pid":7,"username":"me","hostname":"here","timestamp":"1970-01-01T00:10:00Z"}');
    writeFileSync(join(locks, "prod", "b.json"), '{"pid":8,"username":"me","hostname":"here","timestamp":"1970-01-01T00:10:00Z"}');
    expect(await stackLocks(pathToFileURL(home).href, "shop", "dev")).toEqual([
      { file: join(locks, "dev", "a.json"), pid: 7, host: "here", user: "me", since: 10 * minute },
    ]);
  });

  test("are none where there is no lock", async () => {
    expect(await stackLocks(pathToFileURL(folder()).href, "shop", "dev")).toEqual([]);
  });

  test("of another kind of backend are not guessed", async () => {
    await expect(stackLocks("https://api.pulumi.com", "shop", "dev")).rejects.toThrow("TF_STACK_LOCKED");
  });

  test("belong to the project of the nearest Pulumi.yaml", async () => {
    const home = folder();
    mkdirSync(join(home, "program"));
    writeFileSync(join(home, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
    expect(await projectName(join(home, "program"))).toBe("shop");
  });
});
