import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  changesOf,
  eventually,
  FIRST_PROJECT_MS,
  messagesOf,
  StackProject,
  type CommandResult,
  type StackProjectOptions,
} from "./harness.ts";
import type { ProcessRole } from "./process-list.ts";

/** A dynamic resource by text, as tableferry's own are; its create waits while the file `hold` is there. */
const THING = {
  "thing.ts": `
    import * as pulumi from "@pulumi/pulumi";
    export class Thing extends pulumi.CustomResource {
      declare readonly doubled: pulumi.Output<number>;
      constructor(name: string, args: { size: pulumi.Input<number> }, opts?: pulumi.CustomResourceOptions) {
        const provider = "exports.handler = () => require('node:module').createRequire(process.cwd() + '/_')('./provider.ts');";
        super("pulumi-nodejs:dynamic/test:Thing", name, { ...args, doubled: undefined, __provider: provider }, opts);
      }
    }`,
  "provider.ts": `
    import { existsSync, writeFileSync } from "node:fs";
    import { setTimeout } from "node:timers/promises";
    type Inputs = { size: number };
    export const check = async (_olds: Inputs, inputs: Inputs) => ({ inputs });
    export const diff = async (_id: string, olds: Inputs, news: Inputs) => ({ changes: olds.size !== news.size });
    export async function create(inputs: Inputs) {
      writeFileSync("creating", "");
      while (existsSync("hold")) await setTimeout(20);
      return { id: "thing-1", outs: { ...inputs, doubled: inputs.size * 2 } };
    }`,
} as const;

const ONE_THING = `
  import { Thing } from "./thing.ts";
  export const doubled = new Thing("one", { size: 21 }).doubled;`;

/** Like ONE_THING, and says in a file that it was interrupted. `exits`: whether it then ends, as a program should. */
const listening = (exits: boolean) => `${ONE_THING}
  import { writeFileSync } from "node:fs";
  process.on("SIGINT", () => {
    writeFileSync("interrupted", "");
    ${exits ? "process.exit(32);" : ""}
  });
  ${exits ? "" : "setInterval(() => undefined, 1_000);"}`;

async function newProject(options: StackProjectOptions): Promise<StackProject> {
  const project = await StackProject.create(options);
  onTestFinished(() => project[Symbol.asyncDispose]());
  return project;
}

/** An `up` that is in the middle of its create, and stays there until it is let go. */
async function heldUp(program: string) {
  const project = await newProject({ files: { ...THING, "index.ts": program, hold: "" } });
  const up = project.start("up", "--skip-preview");
  await eventually("the create has begun", () => existsSync(join(project.folder, "creating")) || undefined);
  return { project, up, letGo: () => rmSync(join(project.folder, "hold")) };
}

const running = (project: StackProject, ...roles: ProcessRole[]) => project.processes().filter(({ role }) => roles.includes(role));

const interrupted = (project: StackProject) =>
  eventually("the program has been interrupted", () => existsSync(join(project.folder, "interrupted")) || undefined);

describe("the real engine with a dynamic resource by text", () => {
  let project: StackProject;
  let first: CommandResult;
  let second: CommandResult;

  beforeAll(async () => {
    project = await StackProject.create({ files: { ...THING, "index.ts": ONE_THING } });
    first = await project.up();
    second = await project.up();
  }, FIRST_PROJECT_MS);
  afterAll(() => project[Symbol.asyncDispose]());

  test("creates it in the first up", async ({ annotate }) => {
    await annotate(`first up with preview: ${String(Math.round(first.milliseconds))} ms`);
    expect(changesOf(first), first.stdout + first.stderr).toEqual({ create: 2 });
  });

  test("passes its outputs to the stack's", async () => {
    const { stdout } = await project.run("stack", "output", "--stack", "test", "--json");
    expect(JSON.parse(stdout)).toEqual({ doubled: 42 });
  });

  test("changes nothing in a second up", async ({ annotate }) => {
    await annotate(`no-op up with preview: ${String(Math.round(second.milliseconds))} ms`);
    expect(changesOf(second), second.stdout + second.stderr).toEqual({ same: 2 });
  });

  test("leaves no process behind", () => {
    expect(project.processes()).toEqual([]);
  });

  test("warns about nothing", () => {
    expect(messagesOf(first)).toEqual([]);
  });
});

describe("Ctrl-C", () => {
  test("reaches the program while the create goes on", async () => {
    const { project, up } = await heldUp(listening(true));
    up.interrupt();
    await interrupted(project);
    expect(running(project, "engine", "provider").map(({ role }) => role)).toContain("provider");
  });

  test("lets the create finish and records it", async () => {
    const { project, up, letGo } = await heldUp(listening(true));
    up.interrupt();
    await interrupted(project);
    letGo();
    const { exitCode } = await up.result;
    expect(exitCode).not.toBe(0);
    const { deployment } = await project.exportStack();
    expect(deployment.resources?.find(({ urn }) => urn.endsWith("::one"))?.id).toBe("thing-1");
  });

  test("leaves no program running that would not listen", async () => {
    const { project, up, letGo } = await heldUp(listening(false));
    up.interrupt();
    await interrupted(project);
    letGo();
    await up.result;
    expect(project.processes()).toEqual([]);
  });
});

describe("a killed engine", () => {
  test.for([true, false])("takes host and program with it (program heeds an interrupt: %s)", async (heeds, { annotate, skip }) => {
    const { project, up } = await heldUp(listening(heeds));
    skip(!project.cli.ours, "the official language host looks after its engine every few minutes only");
    expect(running(project, "host", "program")).toHaveLength(2);
    up.kill();
    const killed = performance.now();
    await eventually("host and program are gone", () => running(project, "host", "program").length === 0 || undefined, 5_000);
    await annotate(`host and program gone after ${String(Math.round(performance.now() - killed))} ms`);
  });

  test("gives the program the chance to write down where it stands", async () => {
    const { project, up } = await heldUp(listening(true));
    up.kill();
    await interrupted(project);
  });

  test("leaves a stack that can be used again", async () => {
    const { project, up, letGo } = await heldUp(ONE_THING);
    up.kill();
    await up.result;
    letGo();
    const locked = await project.up("--skip-preview");
    expect(locked.stderr + locked.stdout).toContain("the stack is currently locked");
    await project.cancel();
    await project.refresh("--clear-pending-creates", "--skip-preview");
    expect(changesOf(await project.up("--skip-preview"))).toMatchObject({ create: expect.any(Number) });
  });
});

describe("the program", () => {
  test("gets configuration, secrets marked, and the arguments for node", async () => {
    const program = `
      import * as pulumi from "@pulumi/pulumi";
      const config = new pulumi.Config();
      export const report = { size: config.requireNumber("size"), secret: pulumi.runtime.isConfigSecret("tableferry-test:key"), node: process.execArgv };`;
    const project = await newProject({
      files: { "index.ts": program },
      config: { size: "5" },
      nodeArguments: "--stack-trace-limit=7 --title='a b'",
    });
    await project.run("config", "set", "--stack", "test", "--secret", "key", "hidden");
    await project.up("--skip-preview");
    const { stdout } = await project.run("stack", "output", "--stack", "test", "--json");
    expect(JSON.parse(stdout)).toEqual({ report: { size: 5, secret: true, node: ["--stack-trace-limit=7", "--title=a b"] } });
  });

  test("tells its failure once", async () => {
    const project = await newProject({ files: { "index.ts": 'throw new Error("no such table");' } });
    const failed = await project.up("--skip-preview");
    expect(failed.exitCode).not.toBe(0);
    const errors = messagesOf(failed).filter((message) => message.startsWith("error: "));
    expect(errors).toEqual([expect.stringContaining("no such table")]);
  });

  test("that ends without a word is a failed update", async () => {
    const project = await newProject({ files: { "index.ts": "process.exit(3);" } });
    const failed = await project.up("--skip-preview");
    expect(messagesOf(failed).join()).toMatch(/exited with .*code:? 3/);
  });

  test("prints to the stack's messages", async () => {
    const project = await newProject({ files: { "index.ts": 'console.log("hello from the program");' } });
    expect(messagesOf(await project.up("--skip-preview"))).toContain("info: hello from the program");
  });

  test("does not hold up the engine by what it leaves running", async () => {
    const program = `
      import { spawn } from "node:child_process";
      spawn("sleep", ["600"], { stdio: "inherit", detached: true }).unref();`;
    const project = await newProject({ files: { "index.ts": program } });
    expect((await project.up("--skip-preview")).exitCode).toBe(0);
    expect(project.processes().map(({ command }) => command)).toEqual(["sleep 600"]);
  });

  test("is described by pulumi about, with the versions installed", async () => {
    const project = await newProject({
      files: { "index.ts": "", "package.json": '{ "type": "module", "dependencies": { "@pulumi/pulumi": "^3" } }' },
    });
    const { stdout } = await project.run("about", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      runtime: { language: "nodejs" },
      dependencies: [{ name: "@pulumi/pulumi", version: expect.stringMatching(/^3\.\d+\.\d+$/) }],
    });
  });
});
