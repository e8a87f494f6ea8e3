import type { CredentialReference, TableOptions, TableStoreClient } from "../../src/index.ts";
import { flag, flagField, optional, text, textField, wholeField, wrongFields, type FieldRule } from "./fields.ts";
import type { Answer, Comparison, Difference, Found, Handlers, Made, Properties, Question, Subject } from "./handlers.ts";
import { library } from "./library.ts";
import { remade, sameValue } from "./same-value.ts";

/** Patience at refresh: a server that is stopped is no error there, and every table would wait for it. */
const BRIEF_MS = 500;

interface KeyColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "binary";
}

const keyField: FieldRule = { expected: "one to four columns { name, type }, of type string, integer or binary", holds: isKey };

const rules = {
  endpoint: textField("the instance's address", /^https?:\/\//),
  instanceName: textField("an instance's name"),
  credentials: { expected: "{ env }, { file } or { chain: true }", holds: (value: unknown) => typeof value === "object" && value !== null },
  storeId: optional(textField("the store's id")),
  tableName: optional(textField("1 to 255 letters, digits and underscores, not beginning with a digit", /^[A-Za-z_][A-Za-z0-9_]{0,254}$/)),
  primaryKey: keyField,
  timeToLiveSeconds: optional({ expected: "-1 or a whole number from 86400", holds: isTimeToLive }),
  maxVersions: optional(wholeField(1, 2_147_483_647)),
  maxDeviationSeconds: optional(wholeField(1, 2_147_483_647)),
  adopt: flagField,
  deleteData: flagField,
};

export const tableInputs: readonly string[] = Object.keys(rules);

/** A table, through the data plane. Rows are deleted only where `deleteData` says so by name. */
export const tableHandlers: Handlers = { check, diff, create, update, read, delete: remove };

function isKey(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= 4 && value.every(isKeyColumn);
}

function isKeyColumn(value: unknown): value is KeyColumn {
  if (typeof value !== "object" || value === null || !("name" in value) || !("type" in value)) return false;
  return typeof value.name === "string" && value.name !== "" && typeof value.type === "string";
}

function isTimeToLive(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && (value === -1 || value >= 86_400);
}

function check({ asked, before, name }: Question): Promise<Answer> {
  const inputs: Properties = { ...asked, tableName: asked["tableName"] ?? name };
  const failures = wrongFields(rules, inputs);
  if (
    failures.length === 0 &&
    before !== undefined &&
    isSameTable(before, inputs) &&
    !sameValue(before["primaryKey"], inputs["primaryKey"])
  ) {
    const reason =
      "primaryKey: the key of a table cannot change; give the table with the new key a name of its own (tableName) and migrate into it";
    failures.push({ property: "primaryKey", reason });
  }
  return Promise.resolve({ inputs, failures });
}

function isSameTable(before: Properties, now: Properties): boolean {
  return (
    sameValue(before["tableName"], now["tableName"]) &&
    sameValue(before["instanceName"], now["instanceName"]) &&
    !remade(before["storeId"], now["storeId"])
  );
}

function diff({ before, now }: Comparison): Promise<Difference> {
  const replaces = ["tableName", "instanceName"].filter((name) => !sameValue(before[name], now[name]));
  if (remade(before["storeId"], now["storeId"])) replaces.push("storeId");
  const kept = tableInputs.filter((name) => name !== "storeId" && name !== "primaryKey" && !(name in optionNames));
  const changes = kept.some((name) => !sameValue(before[name], now[name])) || !sameValue(optionsOf(before), optionsOf(now));
  return Promise.resolve({ changes: changes || replaces.length > 0, replaces });
}

const optionNames = { timeToLiveSeconds: "timeToLive", maxVersions: "maxVersions", maxDeviationSeconds: "maxDeviation" } as const;
type DeclaredOptions = Pick<TableOptions, "timeToLive" | "maxVersions" | "maxDeviation">;

/** Options with the service's defaults for what was left out (reference 7.1). */
function optionsOf({ timeToLiveSeconds, maxVersions, maxDeviationSeconds }: Properties): DeclaredOptions {
  const whole = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);
  return { timeToLive: whole(timeToLiveSeconds, -1), maxVersions: whole(maxVersions, 1), maxDeviation: whole(maxDeviationSeconds, 86_400) };
}

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  const [instance, table] = [text(inputs, "instanceName"), text(inputs, "tableName")];
  const outputs = await withTable(inputs, subject, async (client) => {
    const there = await describe(client, table);
    if (there === undefined) await client.createTable(creation(inputs));
    else await takeOver(client, there, inputs, subject);
    return { incarnation: (await describe(client, table))?.incarnation ?? "" };
  });
  return { id: `${instance}/${table}`, outputs };
}

/** A table that is as declared is what was wanted, whoever made it (we did, if the engine was killed); one that is not is changed only when adopted. */
async function takeOver(client: TableStoreClient, there: Description, inputs: Properties, subject: Subject): Promise<void> {
  const { TableferryError } = await library();
  const place = `table ${text(inputs, "tableName")} of instance ${text(inputs, "instanceName")}`;
  if (!sameValue(there.key, inputs["primaryKey"])) {
    const message = `the table has another key: ${there.key.map(({ name, type }) => `${name} (${type})`).join(", ")}`;
    throw new TableferryError("TF_TABLE_THERE", { message, place, wayOut: "Declare that key, or give this table another tableName." });
  }
  if (!sameValue(there.options, optionsOf(inputs))) {
    const message = `the table has other options: ${optionsText(there.options)}`;
    if (!flag(inputs, "adopt"))
      throw new TableferryError("TF_TABLE_THERE", {
        message,
        place,
        wayOut: "Declare those options, or set adopt: true to give it the declared ones.",
      });
    await client.updateTable({ tableName: text(inputs, "tableName"), options: optionsOf(inputs) });
  }
  await subject.engine.say(subject.urn, `${place} was there already and is taken over as it is`);
}

function update({ now }: Comparison, subject: Subject): Promise<Properties> {
  return withTable(now, subject, async (client) => {
    const there = await describe(client, text(now, "tableName"));
    if (there !== undefined && !sameValue(there.options, optionsOf(now)))
      await client.updateTable({ tableName: text(now, "tableName"), options: optionsOf(now) });
    return { incarnation: there?.incarnation ?? "" };
  });
}

async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const { hasCode } = await library();
  try {
    return await withTable(
      properties,
      subject,
      async (client) => {
        const there = await describe(client, text(properties, "tableName"));
        if (there === undefined || !sameValue(there.key, properties["primaryKey"])) return undefined;
        return { outputs: { incarnation: there.incarnation }, inputs: drift(properties, there.options) };
      },
      BRIEF_MS,
    );
  } catch (error) {
    if (!hasCode(error, "TF_CONNECTION") && !hasCode(error, "TF_CREDENTIALS_MISSING")) throw error;
    await subject.engine.warn(subject.urn, "the instance does not answer, so this table is recorded as it was");
    return { outputs: {} };
  }
}

/** Options that are not as recorded, under the names of the inputs. */
function drift(properties: Properties, options: DeclaredOptions): Properties {
  const recorded = optionsOf(properties);
  const changed = Object.entries(optionNames).filter(([, option]) => recorded[option] !== options[option]);
  return Object.fromEntries(changed.map(([name, option]) => [name, options[option]]));
}

async function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  const [instance, table] = [text(properties, "instanceName"), text(properties, "tableName")];
  if (!flag(properties, "deleteData"))
    return subject.engine.say(subject.urn, `table ${table} of instance ${instance} stays with its rows; deleteData: true would delete it`);
  await withTable(properties, subject, async (client) => {
    const there = await describe(client, table);
    if (there === undefined) return;
    // Made anew by somebody else since: not ours to delete.
    if (there.incarnation !== properties["incarnation"])
      return subject.engine.warn(subject.urn, `table ${table} of instance ${instance} is another one than was declared, and stays`);
    await client.deleteTable(table);
  });
}

interface Description {
  readonly key: readonly KeyColumn[];
  readonly options: DeclaredOptions;
  readonly incarnation: string;
}

async function describe(client: TableStoreClient, tableName: string): Promise<Description | undefined> {
  try {
    const { meta, options, creationTime } = await client.describeTable(tableName);
    return {
      key: meta.key.map(({ name, type }) => ({ name, type })),
      options: { timeToLive: options.timeToLive, maxVersions: options.maxVersions, maxDeviation: options.maxDeviation },
      incarnation: creationTime === undefined ? "" : String(creationTime),
    };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "OTSObjectNotExist") return undefined;
    throw error;
  }
}

function creation(inputs: Properties): Parameters<TableStoreClient["createTable"]>[0] {
  const key = Array.isArray(inputs["primaryKey"]) ? inputs["primaryKey"].filter(isKeyColumn) : [];
  return {
    meta: { tableName: text(inputs, "tableName"), key, definedColumns: [] },
    reserved: { read: 0, write: 0 },
    options: optionsOf(inputs),
    partitions: [],
    indexes: [],
  };
}

function optionsText({ timeToLive, maxVersions, maxDeviation }: DeclaredOptions): string {
  return `timeToLiveSeconds ${String(timeToLive)}, maxVersions ${String(maxVersions)}, maxDeviationSeconds ${String(maxDeviation)}`;
}

async function withTable<Result>(
  properties: Properties,
  { folder, env }: Subject,
  use: (client: TableStoreClient) => Promise<Result>,
  patienceMs = 10_000,
): Promise<Result> {
  const { resolveCredentials, TableStoreClient } = await library();
  const credentials = await resolveCredentials(properties["credentials"] as CredentialReference, folder, env);
  const client = new TableStoreClient({
    endpoint: text(properties, "endpoint"),
    instance: text(properties, "instanceName"),
    credentials,
    connections: 1,
    retry: { totalMs: patienceMs, firstMs: 10, mostMs: 320 },
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
