import { projectFolder } from "../project-folder.ts";
import { toStructFields, type Struct } from "../struct.ts";
import { connectEngine, noEngine, type EngineLink } from "./engine-link.ts";
import { PartialFailure, type Failure, type Handlers, type Properties, type Subject, type Surroundings } from "./handlers.ts";
import { sameValue } from "./same-value.ts";

/** As Pulumi's dynamic provider calls it. Inputs and outputs are JSON; internal keys begin with two underscores. */
export interface DynamicProvider {
  check(olds: Properties, news: Properties): Promise<{ inputs: Record<string, Struct>; failures: Failure[] }>;
  diff(id: string, olds: Properties, news: Properties): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }>;
  create(inputs: Properties): Promise<{ id: string; outs: Record<string, Struct> }>;
  update(id: string, olds: Properties, news: Properties): Promise<{ outs: Record<string, Struct> }>;
  read(id: string, properties: Properties): Promise<{ id: string; props: Record<string, Struct>; inputs?: Record<string, Struct> }>;
  delete(id: string, properties: Properties): Promise<void>;
}

/**
 * Puts handlers behind Pulumi's dynamic provider: takes internal keys out and puts them back, echoes inputs in outputs (diff gets old
 * outputs, not inputs), cleans every result, prints plans, and turns errors into what Pulumi shows best.
 * @param inputNames inputs that a refresh may correct
 */
export function dynamicProvider(
  handlers: Handlers,
  inputNames: readonly string[],
  surroundings: () => Surroundings = ownSurroundings,
): DynamicProvider {
  const subjectOf = (properties: Properties): Subject => ({ ...surroundings(), urn: selfOf(properties).urn });
  return {
    check: (olds, news) => check(handlers, olds, news, subjectOf(news)),
    diff: (id, olds, news) =>
      shown(async () => {
        const { changes, replaces = [] } = await handlers.diff({ id, before: outer(olds), now: outer(news) }, subjectOf(news));
        return { changes, replaces: [...replaces], deleteBeforeReplace: false };
      }),
    create: (inputs) =>
      failing(inputs, async () => {
        const { id, outputs } = await handlers.create(outer(inputs), subjectOf(inputs));
        return { id, outs: toStructFields({ ...inputs, ...outputs }) };
      }),
    update: (id, olds, news) =>
      failing(news, async () => {
        const outputs = await handlers.update({ id, before: outer(olds), now: outer(news) }, subjectOf(news));
        return { outs: toStructFields({ ...news, ...outputs }) };
      }),
    read: (id, properties) =>
      shown(async () => {
        const found = await handlers.read(id, outer(properties), subjectOf(properties));
        if (found === undefined) return { id: "", props: {} };
        const props = toStructFields({ ...properties, ...found.outputs, ...found.inputs });
        if (found.inputs === undefined) return { id, props };
        const kept = Object.entries(props).filter(([name]) => inputNames.includes(name) || name.startsWith("__"));
        return { id, props, inputs: Object.fromEntries(kept) };
      }),
    delete: (id, properties) => shown(() => handlers.delete(id, outer(properties), subjectOf(properties))),
  };
}

async function check(
  handlers: Handlers,
  olds: Properties,
  news: Properties,
  subject: Subject,
): Promise<{ inputs: Record<string, Struct>; failures: Failure[] }> {
  const { name: named, dryRun } = selfOf(news);
  const asked = outer(news);
  const before = Object.keys(olds).length === 0 ? undefined : outer(olds);
  // The first name stays when the resource is renamed: what is called by default would otherwise become another thing.
  const name = selfOf(olds).name || named;
  const __self = { urn: subject.urn, name };
  try {
    const { inputs, failures } = await handlers.check({ asked, before, name }, subject);
    if (dryRun && failures.length === 0 && (before === undefined || !sameValue(before, inputs))) {
      for (const line of (await handlers.plan?.(inputs, before, subject)) ?? []) await subject.engine.say(subject.urn, line);
    }
    return { inputs: toStructFields({ ...inputs, __self }), failures: [...failures] };
  } catch (thrown) {
    // A failed check is shown on the resource's row, a thrown error with a stack on the stack's.
    return { inputs: toStructFields({ ...asked, __self }), failures: [{ property: "", reason: messageOf(thrown) }] };
  }
}

/** What the component sends along, see `Self`. Older and partial states may lack it. */
function selfOf(properties: Properties): { urn: string; name: string; dryRun: boolean } {
  const self = properties["__self"];
  const field = (name: string): unknown => (typeof self === "object" && self !== null ? (self as Properties)[name] : undefined);
  const [urn, name] = [field("urn"), field("name")];
  return { urn: typeof urn === "string" ? urn : "", name: typeof name === "string" ? name : "", dryRun: field("dryRun") === true };
}

function outer(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("__")));
}

/** Pulumi prints the stack of what check, diff, read and delete throw; users are served better by the message alone. */
async function shown<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    const error = new Error(messageOf(thrown));
    error.stack = "";
    throw error;
  }
}

/** As Pulumi wants failures of create and update: with `id` what exists is recorded, and `__provider` it does not add itself. */
async function failing<Result>(inputs: Properties, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    const error = new Error(messageOf(thrown));
    if (!(thrown instanceof PartialFailure)) throw error;
    throw Object.assign(error, { id: thrown.id, properties: toStructFields({ ...inputs, ...thrown.outputs }), reasons: [error.message] });
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

let own: Surroundings | undefined;

function ownSurroundings(): Surroundings {
  own ??= { folder: projectFolder(), engine: engineOfThisProcess(), env: process.env, leave: () => process.exit(1) };
  return own;
}

function engineOfThisProcess(): EngineLink {
  const address = process.argv.at(-1) ?? "";
  return /^[^\s/]+:\d+$/.test(address) ? connectEngine(address) : noEngine;
}
