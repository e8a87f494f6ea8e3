import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const FOREGROUND = fileURLToPath(new URL("../../../tools/foreground.ts", import.meta.url));

/** Starts a wrapper, as tools/pulumi.ts is one, around a child that runs `script`, and waits until it says "ready". */
async function wrap(script: string) {
  const wrapper = `
    import { runInForeground } from ${JSON.stringify(FOREGROUND)};
    const { code, signal } = await runInForeground(process.execPath, ["-e", ${JSON.stringify(script)}], { cwd: process.cwd(), env: process.env });
    console.log("ended", code, signal);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", wrapper], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string;
  expect(await next()).toBe("ready");
  return { wrapper: child, next };
}

/** Counts interrupts, and at a SIGTERM ends with the count as its exit code. */
const COUNT = `
  let count = 0;
  process.on("SIGINT", () => { count += 1; console.log("interrupted"); });
  process.on("SIGTERM", () => process.exit(count));
  setInterval(() => undefined, 1000);
  console.log("ready");`;

test("an interrupt is passed on", async () => {
  const { wrapper, next } = await wrap(COUNT);
  wrapper.kill("SIGINT");
  expect(await next()).toBe("interrupted");
  wrapper.kill("SIGTERM");
  expect(await next()).toBe("ended 1 null");
});

test("an interrupt that comes by two ways is passed on once", async () => {
  const { wrapper, next } = await wrap(COUNT);
  wrapper.kill("SIGINT");
  expect(await next()).toBe("interrupted");
  wrapper.kill("SIGINT");
  wrapper.kill("SIGTERM");
  expect(await next()).toBe("ended 1 null");
});

test("a hang-up becomes the signal pulumi can stop for", async () => {
  const { wrapper, next } = await wrap(COUNT);
  wrapper.kill("SIGHUP");
  expect(await next()).toBe("ended 0 null");
});

test("the end by a signal is told as one", async () => {
  const { next } = await wrap('console.log("ready"); setTimeout(() => process.kill(process.pid, "SIGKILL"), 0);');
  expect(await next()).toBe("ended null SIGKILL");
});

test("the exit code is the command's", async () => {
  const { wrapper, next } = await wrap('console.log("ready"); process.exitCode = 7;');
  expect(await next()).toBe("ended 7 null");
  expect(wrapper.exitCode ?? (await once(wrapper, "exit"))[0]).toBe(0);
});
