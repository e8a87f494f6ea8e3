import { TableferryError } from "../../base/error.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { ownerState, thisMachine, type OwnerState } from "../pulumi/owner.ts";
import { pulumiCommand, type PulumiCommand } from "../pulumi/pulumi-command.ts";
import { projectName, stackLocks, type StackLock } from "../pulumi/stack-lock.ts";

export const unlock: Command = {
  run: async (invocation) => {
    const { folder, env, clock } = invocation.surroundings;
    const pulumi = pulumiCommand(invocation.text("pulumi"), folder, env);
    const project = await projectName(folder);
    const stack = invocation.text("stack")?.split("/").at(-1) ?? (await selectedStack(pulumi));
    const locks = await stackLocks(await backendOf(pulumi), project, stack);
    const owners = locks.map((lock) => ({ lock, state: ownerState(lock, thisMachine, clock.now()) }));
    for (const { lock, state } of owners) if (state !== "dead") throw stillHeld(lock, state, stack);
    const pending = await pendingCreates(pulumi, stack);
    const report = { stack, locks: locks.map(({ pid, host, user }) => ({ pid, host, user })), pendingCreates: pending };
    if (locks.length === 0 && pending.length === 0) {
      await invocation.reply({ ...report, outcome: "nothing-to-do" }, () => [
        `The stack ${stack} is not locked and has no pending creates: nothing to do.`,
      ]);
      return exitCodes.ok;
    }
    for (const lock of locks) invocation.note(`Locked by ${ownerText(lock)}: that process is dead.`);
    for (const urn of pending) invocation.note(`Left in the middle of its creation: ${urn}`);
    if (!(await confirmed(invocation, `Free the stack ${stack}?`))) return exitCodes.failed;
    if (locks.length > 0) await pulumi.perform(["cancel", "--yes", "--stack", stack]);
    if (pending.length > 0) await pulumi.perform(["refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--stack", stack]);
    await invocation.reply({ ...report, outcome: "unlocked" }, () => unlockedLines(invocation, stack));
    return exitCodes.ok;
  },
};

function unlockedLines({ terminal }: Invocation, stack: string): string[] {
  return [
    `${terminal.paint.green("✓")} The stack ${stack} is free. Jobs kept their checkpoints:`,
    "",
    "Next:",
    "  pulumi up   goes on where the killed run stood",
  ];
}

async function selectedStack(pulumi: PulumiCommand): Promise<string> {
  const name = (await pulumi.ask(["stack", "--show-name"])).trim();
  return name.split("/").at(-1) ?? name;
}

async function backendOf(pulumi: PulumiCommand): Promise<string> {
  const answer: unknown = JSON.parse(await pulumi.ask(["whoami", "--json"]));
  return typeof answer === "object" && answer !== null && "url" in answer ? String(answer.url) : "";
}

/** URNs of resources whose creation was begun and never reported as done. */
async function pendingCreates(pulumi: PulumiCommand, stack: string): Promise<readonly string[]> {
  const exported = JSON.parse(await pulumi.ask(["stack", "export", "--stack", stack])) as {
    readonly deployment?: {
      readonly pending_operations?: readonly { readonly type?: string; readonly resource?: { readonly urn?: string } }[];
    };
  };
  const operations = exported.deployment?.pending_operations ?? [];
  return operations.filter(({ type }) => type === "creating").map(({ resource }) => resource?.urn ?? "unnamed");
}

function ownerText({ user, host, pid, since }: StackLock): string {
  return `${user}@${host}, process ${pid}${Number.isFinite(since) ? `, since ${new Date(since).toISOString()}` : ""}`;
}

function stillHeld(lock: StackLock, state: Exclude<OwnerState, "dead">, stack: string): TableferryError {
  const wayOut =
    state === "alive"
      ? `Wait for it, stop it with Ctrl-C where it runs, or end it (\`kill ${lock.pid}\`), then run unlock again.`
      : `Run unlock on ${lock.host}. If that machine is gone for good: \`pulumi cancel --stack ${stack}\`, then unlock again.`;
  const message =
    state === "alive"
      ? `the process that holds the stack ${stack} is alive`
      : `the stack ${stack} was locked on another machine, and nobody here can tell whether that process lives`;
  return new TableferryError("TF_STACK_LOCKED", { message, place: ownerText(lock), wayOut });
}
