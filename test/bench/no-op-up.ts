/**
 * What does a `pulumi up` with nothing to do cost with tableferry's resources, beside a program with one trivial dynamic resource
 * and beside an empty one? Knobs: RUNS. Yardstick: at most 1.3 times the trivial resource (issue "The main job, end to end").
 * Wall clock of `pulumi up --yes` with its preview, real engine, medians of interleaved runs; and CPU seconds, which other work on
 * the machine does not inflate. `node --conditions=tableferry-source test/bench/no-op-up.ts`
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StackProject } from "../stack/harness.ts";

const RUNS = Number(process.env["RUNS"] ?? 7);
const checkout = join(import.meta.dirname, "..", "..");

const trivial = {
  "index.ts": `
    import * as pulumi from "@pulumi/pulumi";
    class Thing extends pulumi.CustomResource {
      constructor(name, args) {
        const __provider = "exports.handler = () => require('node:module').createRequire(process.cwd() + '/_')('./provider.ts');";
        super("pulumi-nodejs:dynamic/bench:Thing", name, { ...args, __provider });
      }
    }
    new Thing("one", { size: 1 });`,
  "provider.ts": `
    export const check = async (_olds, inputs) => ({ inputs });
    export const diff = async (_id, olds, news) => ({ changes: olds.size !== news.size });
    export const create = async (inputs) => ({ id: "1", outs: inputs });`,
};

const local = ["stacks/local/index.ts", "stacks/local/mappings/zipcodes.ts"].map(
  (path) => [path, readFileSync(join(checkout, path), "utf8")] as const,
);

const programs = {
  empty: { files: { "index.ts": "export {};" } },
  trivial: { files: trivial },
  "stacks/local": { files: Object.fromEntries(local), main: "stacks/local/index.ts" },
};

interface Measured {
  readonly seconds: number;
  readonly cpu: number;
}

/** CPU of children that have ended, engine and plugins included, in seconds. */
function childrenCpu(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

async function noOp(project: StackProject): Promise<Measured> {
  const before = childrenCpu();
  const { milliseconds, exitCode, stdout, stderr } = await project.up();
  if (exitCode !== 0 || /[+~-] \d+ (to|created|updated|deleted)/.test(stdout)) throw new Error(`not a no-op:\n${stdout}${stderr}`);
  return { seconds: milliseconds / 1000, cpu: childrenCpu() - before };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const projects = new Map<string, StackProject>();
try {
  for (const [name, options] of Object.entries(programs)) {
    const project = await StackProject.create(options);
    projects.set(name, project);
    const first = await project.up("--skip-preview");
    if (first.exitCode !== 0) throw new Error(first.stdout + first.stderr);
  }
  const measured = new Map<string, Measured[]>([...projects.keys()].map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++) for (const [name, project] of projects) measured.get(name)?.push(await noOp(project));
  const of = (name: string, what: keyof Measured) => median((measured.get(name) ?? []).map((one) => one[what]));
  for (const name of projects.keys())
    console.log(
      `${name.padEnd(14)} ${of(name, "seconds").toFixed(2)} s wall, ${of(name, "cpu").toFixed(2)} s CPU (median of ${String(RUNS)})`,
    );
  for (const name of ["trivial", "empty"]) {
    const ratio = (what: keyof Measured) => (of("stacks/local", what) / of(name, what)).toFixed(2);
    console.log(`stacks/local / ${name}: ${ratio("seconds")} wall, ${ratio("cpu")} CPU`);
  }
} finally {
  for (const project of projects.values()) await project[Symbol.asyncDispose]();
}
