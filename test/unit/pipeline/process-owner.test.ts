import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { livesHere, ownerOf, ownerText, provablyDead, thisProcess } from "../../../src/pipeline/process-owner.ts";

test("this process is alive, whoever asks", () => {
  const me = thisProcess();
  expect(me.pid).toBe(process.pid);
  expect(provablyDead(me)).toBe(false);
  expect(ownerText(me)).toBe(`process ${process.pid} on ${me.host}`);
});

test.skipIf(process.platform !== "linux")("a process that has ended is dead, a stopped one is not", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
  const owner = { ...thisProcess(), pid: child.pid!, started };
  expect(provablyDead(owner)).toBe(false);
  child.kill("SIGSTOP");
  expect(provablyDead(owner)).toBe(false);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  expect(provablyDead(owner)).toBe(true);
});

test.skipIf(process.platform !== "linux").each([
  ["another machine", { host: "elsewhere" }],
  ["another start of the machine", { boot: "another" }],
  ["another container", { pidSpace: "pid:[1]" }],
  ["a system that does not tell its start", { boot: "" }],
])("of %s nothing is certain", (_, change) => {
  expect(provablyDead({ ...thisProcess(), pid: 4_194_309, ...change })).toBe(false);
});

test("of a process that is to be signalled nothing is taken for granted: another start, machine or container is another process", () => {
  const me = ownerOf(process.pid)!;
  expect(me).toEqual({ ...thisProcess(), started: me.started });
  expect(livesHere(me)).toBe(true);
  const others = [{ started: "1" }, { boot: "another" }, { pidSpace: "pid:[1]" }, { pid: 4_194_309 }];
  expect(others.map((change) => livesHere({ ...me, ...change }))).toEqual([false, false, false, false]);
  expect(ownerOf(4_194_309)).toBeUndefined();
});

test("a machine that changed its name is still the same while it runs; one that does not tell its start is known by its name", () => {
  const me = ownerOf(process.pid)!;
  const here = { ...me, boot: "noon", host: "renamed" };
  expect(livesHere({ ...here, host: "laptop" }, here)).toBe(true);
  const silent = { ...me, boot: "", host: "laptop" };
  expect([livesHere(silent, silent), livesHere({ ...silent, host: "elsewhere" }, silent)]).toEqual([true, false]);
});
