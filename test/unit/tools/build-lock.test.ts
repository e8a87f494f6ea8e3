import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "../../../tools/pulumi-cli/build-lock.ts";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tableferry-lock-"));
  lock = join(folder, "3.259.0.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const nobodyWaits = () => expect.unreachable("nobody should wait");

test("two at once run one after the other", async () => {
  const order: string[] = [];
  const waited: number[] = [];
  let letFirstEnd = () => undefined as void;
  const first = withLock(lock, nobodyWaits, async () => {
    order.push("first begins");
    await new Promise<void>((resolve) => (letFirstEnd = resolve));
    order.push("first ends");
  });
  const second = withLock(
    lock,
    (owner) => {
      waited.push(owner);
      letFirstEnd();
    },
    async () => void order.push("second"),
  );
  await Promise.all([first, second]);
  expect({ order, waited }).toEqual({ order: ["first begins", "first ends", "second"], waited: [process.pid] });
});

test("the lock of a dead process is taken over", async () => {
  // Above the greatest process id Linux gives out.
  writeFileSync(lock, "4194305");
  expect(await withLock(lock, nobodyWaits, async () => "done")).toBe("done");
});

test("failed work gives the lock back", async () => {
  await expect(withLock(lock, nobodyWaits, () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");
  expect(existsSync(lock)).toBe(false);
});
