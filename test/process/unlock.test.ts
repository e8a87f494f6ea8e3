import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "./run-command.ts";

/** Says what the real CLI says (tried with 3.259), writes down what it was asked, and takes the lock away on `cancel`. */
const standIn = (folder: string, state: string, pending: boolean) => `#!/bin/sh
echo "$*" >> ${folder}/asked
case "$1 $2" in
  "whoami --json") echo '{"user":"me","url":"${pathToFileURL(state).href}"}' ;;
  "stack --show-name") echo dev ;;
  "stack export") echo '{"deployment":{"pending_operations":${pending ? '[{"type":"creating","resource":{"urn":"urn:pulumi:dev::shop::tableferry:Migration::orders"}}]' : "[]"}}}' ;;
  "cancel --yes") rm -f ${state}/.pulumi/locks/organization/shop/dev/*.json ;;
esac
`;

interface Locked {
  readonly place: Workplace;
  readonly lock: string;
  readonly asked: () => string[];
}

function lockedStack(owner: { readonly pid: number; readonly host?: string }, pending = false): Locked {
  const place = new Workplace({ "Pulumi.yaml": "name: shop\nruntime: nodejs\n" });
  onTestFinished(() => place[Symbol.asyncDispose]());
  const state = join(place.folder, "state");
  const locks = join(state, ".pulumi", "locks", "organization", "shop", "dev");
  mkdirSync(locks, { recursive: true });
  const lock = join(locks, "a.json");
  writeFileSync(
    lock,
    JSON.stringify({ pid: owner.pid, username: "me", hostname: owner.host ?? hostname(), timestamp: new Date().toISOString() }),
  );
  place.write("pulumi", standIn(place.folder, state, pending));
  chmodSync(join(place.folder, "pulumi"), 0o755);
  const asked = () => (existsSync(join(place.folder, "asked")) ? readFileSync(join(place.folder, "asked"), "utf8").trim().split("\n") : []);
  return { place, lock, asked };
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("close", resolve));
  return child.pid ?? 0;
}

test("unlock frees a stack whose owner is dead, and clears creates that were left half done", async () => {
  const { place, lock, asked } = lockedStack({ pid: await deadPid() }, true);
  const { exit, out, err } = await place.run("unlock", "--pulumi", join(place.folder, "pulumi"), "--yes");
  expect(exit, err).toBe(0);
  expect(existsSync(lock)).toBe(false);
  expect(asked()).toContain("cancel --yes --stack dev --non-interactive");
  expect(asked()).toContain("refresh --clear-pending-creates --yes --skip-preview --stack dev --non-interactive");
  expect(err).toContain("that process is dead");
  expect(err).toContain("Migration::orders");
  expect(out).toContain("pulumi up");
});

test("unlock refuses while the owner lives, and touches nothing", async () => {
  const { place, lock, asked } = lockedStack({ pid: process.pid });
  const { exit, err } = await place.run("unlock", "--pulumi", join(place.folder, "pulumi"), "--yes");
  expect(exit).toBe(6);
  expect(err).toContain("TF_STACK_LOCKED: the process that holds the stack dev is alive");
  expect(err).toContain(`process ${process.pid}`);
  expect(existsSync(lock)).toBe(true);
  expect(asked().some((line) => line.startsWith("cancel"))).toBe(false);
});

test("unlock does not guess about another machine", async () => {
  const { place, lock } = lockedStack({ pid: 1, host: "elsewhere" });
  const { exit, err } = await place.run("unlock", "--pulumi", join(place.folder, "pulumi"), "--yes");
  expect(exit).toBe(6);
  expect(err).toContain("Run unlock on elsewhere");
  expect(existsSync(lock)).toBe(true);
});

test("unlock of a stack that nobody holds changes nothing and says so", async () => {
  const { place, asked } = lockedStack({ pid: process.pid });
  const { exit, out } = await place.run("unlock", "--stack", "prod", "--pulumi", join(place.folder, "pulumi"));
  expect(exit).toBe(0);
  expect(out).toContain("nothing to do");
  expect(asked().some((line) => /^(cancel|refresh)/.test(line))).toBe(false);
});

test("unlock asks first, and needs --yes where nobody can answer", async () => {
  const { place, lock } = lockedStack({ pid: await deadPid() });
  const { exit, err } = await place.run("unlock", "--pulumi", join(place.folder, "pulumi"));
  expect(exit).toBe(2);
  expect(err).toContain("Give --yes");
  expect(existsSync(lock)).toBe(true);
});

test("unlock without a Pulumi CLI or a project says what is missing", async () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.asyncDispose]());
  const noCli = await place.run("unlock", "--pulumi", "/nowhere/pulumi");
  expect([noCli.exit, noCli.err.split(":")[0]]).toEqual([1, "TF_PULUMI_CLI"]);
  place.write("pulumi", "#!/bin/sh\n");
  chmodSync(join(place.folder, "pulumi"), 0o755);
  const noProject = await place.run("unlock", "--pulumi", join(place.folder, "pulumi"));
  expect(noProject.exit).toBe(2);
  expect(noProject.err).toContain("there is no Pulumi.yaml here or above");
});
