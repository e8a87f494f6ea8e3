import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { flag, flagField, optional, text, textField, wholeField, wrongFields } from "./fields.ts";
import { freePort } from "./free-port.ts";
import type { Answer, Comparison, Difference, Found, Handlers, Made, Properties, Question, Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { sameValue } from "./same-value.ts";
import { startServer } from "./server-process.ts";
import { pingStore, stopStore, waitForStore } from "./store-access.ts";
import { UNKNOWN } from "./unknown.ts";

const rules = {
  dataDir: textField("a folder, relative to the folder of Pulumi.yaml"),
  port: optional(wholeField(1, 65_535)),
  keepRunning: flagField,
  deleteData: flagField,
};

export const embeddedStoreInputs: readonly string[] = [...Object.keys(rules), "endpoint", "keysFile"];

/** A Table Store of this machine: a detached server process over a data folder. */
export const embeddedStoreHandlers: Handlers = { check, plan, diff, create, update, read, delete: remove };

/** Chooses the port, so that the address is known downstream in the first preview already. */
async function check({ asked, before }: Question, subject: Subject): Promise<Answer> {
  const failures = wrongFields(rules, asked);
  if (flag(asked, "keepRunning") && flag(asked, "deleteData")) {
    failures.push({
      property: "keepRunning",
      reason: "keepRunning: the data of a server that keeps running cannot be deleted; leave out one of keepRunning and deleteData",
    });
  }
  if (failures.length > 0) return { inputs: asked, failures };
  const dataDir = text(asked, "dataDir");
  if (dataDir === UNKNOWN || asked["port"] === UNKNOWN)
    return { inputs: { ...asked, port: UNKNOWN, endpoint: UNKNOWN, keysFile: UNKNOWN }, failures: [] };
  const kept = before?.["dataDir"] === dataDir ? before["port"] : undefined;
  const port = asked["port"] ?? kept ?? (await choosePort(dataDir, subject));
  if (port === undefined) return { inputs: asked, failures: [{ property: "port", reason: "port: no free port was found; name one" }] };
  return { inputs: { ...asked, port, endpoint: endpointAt(port), keysFile: keysFileIn(dataDir) }, failures: [] };
}

function choosePort(dataDir: string, subject: Subject): Promise<number | undefined> {
  const folder = resolve(subject.folder, dataDir);
  return freePort(folder, async (port) => {
    const answer = await pingStore({ endpoint: endpointAt(port), keysFile: keysFileIn(dataDir) }, subject);
    return answer !== undefined && answer.storeId === (await storeIdIn(folder));
  });
}

const endpointAt = (port: unknown) => `http://127.0.0.1:${String(port)}`;
const keysFileIn = (dataDir: string) => join(dataDir, "keys.json");
const placeOf = (properties: Properties) => ({ endpoint: text(properties, "endpoint"), keysFile: text(properties, "keysFile") });

/** The store's id as it stands beside the data, or undefined in a folder without a store. */
async function storeIdIn(folder: string): Promise<string | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(join(folder, "store.json"), "utf8"));
    return typeof content === "object" && content !== null && "storeId" in content && typeof content.storeId === "string"
      ? content.storeId
      : undefined;
  } catch {
    return undefined;
  }
}

async function plan(inputs: Properties, before: Properties | undefined, { folder }: Subject): Promise<readonly string[]> {
  const dataDir = text(inputs, "dataDir");
  if (dataDir === UNKNOWN || before?.["dataDir"] === dataDir) return [];
  const there = await storeIdIn(resolve(folder, dataDir));
  return [`${there === undefined ? "a new store in" : "the store that is already in"} ${dataDir}, at ${text(inputs, "endpoint")}`];
}

/** Asks the server itself, so that after a reboot a plain `up` starts it again. */
async function diff({ before, now }: Comparison, subject: Subject): Promise<Difference> {
  if (!sameValue(before["dataDir"], now["dataDir"])) return { changes: true, replaces: ["dataDir"] };
  if (embeddedStoreInputs.some((name) => !sameValue(before[name], now[name]))) return { changes: true };
  const answer = await pingStore(placeOf(now), subject);
  if (answer?.storeId === before["storeId"]) return { changes: false };
  await subject.engine.show(subject.urn, "the server does not run; it will be started");
  return { changes: true };
}

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  const outputs = await run(inputs, subject);
  return { id: text(outputs, "storeId"), outputs };
}

async function update({ before, now }: Comparison, subject: Subject): Promise<Properties> {
  if (before["endpoint"] !== now["endpoint"]) await stopStore(placeOf(before), text(before, "storeId"), subject);
  return run(now, subject);
}

/** The store running: the one that does already (its creator was killed before it could record it), or a new process. */
async function run(inputs: Properties, subject: Subject): Promise<Properties> {
  const { systemClock, TableferryError } = await library();
  const dataDir = resolve(subject.folder, text(inputs, "dataDir"));
  const place = placeOf(inputs);
  const there = await pingStore(place, subject);
  if (there !== undefined) return { storeId: there.storeId, status: "running" };
  const server = startServer({ folder: subject.folder, dataDir, port: Number(inputs["port"]), env: subject.env });
  const answer = await waitForStore(place, subject, systemClock, () => server.exited() !== undefined);
  if (answer === undefined) {
    throw new TableferryError("TF_SERVER_START", {
      message: `the server on ${text(inputs, "dataDir")} did not start: ${server.lastWords()}`,
      place: place.endpoint,
    });
  }
  return { storeId: answer.storeId, status: "running" };
}

async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const answer = await pingStore(placeOf(properties), subject);
  if (answer !== undefined) return { outputs: { storeId: answer.storeId, status: "running" } };
  const left = await storeIdIn(resolve(subject.folder, text(properties, "dataDir")));
  return left === undefined ? undefined : { outputs: { storeId: left, status: "stopped" } };
}

async function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  const dataDir = text(properties, "dataDir");
  const say = (line: string) => subject.engine.say(subject.urn, line);
  if (flag(properties, "keepRunning")) return say(`the server keeps running at ${text(properties, "endpoint")}, over ${dataDir}`);
  await stopStore(placeOf(properties), text(properties, "storeId"), subject);
  const folder = resolve(subject.folder, dataDir);
  const there = await storeIdIn(folder);
  if (there === undefined) return;
  if (!flag(properties, "deleteData")) return say(`the data stays in ${dataDir}; \`up\` finds it again, deleting the folder deletes it`);
  // Another store may have moved into the folder since.
  if (there !== properties["storeId"]) return say(`${dataDir} holds another store now, and stays`);
  await deleteStore(folder);
}

/** Deletes the store's own files, and the folder when nothing else is in it: users have named folders that were not empty. */
async function deleteStore(folder: string): Promise<void> {
  for (const name of ["store.json", "level", "keys.json", "server.log"]) await rm(join(folder, name), { recursive: true, force: true });
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}
