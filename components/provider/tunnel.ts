import type { CredentialReference, TunnelPlace } from "../../src/index.ts";
import { flag, flagField, optional, text, textField, wholeField, wrongFields, type FieldRule } from "./fields.ts";
import type { Answer, Comparison, Difference, Found, Handlers, Made, Properties, Question, Subject } from "./handlers.ts";
import { contextFor } from "./job-run.ts";
import { library } from "./library.ts";
import { reachable } from "./reachable.ts";
import { remade, sameValue } from "./same-value.ts";

const typeField: FieldRule = {
  expected: '"Stream" or "BaseAndStream"',
  optional: true,
  holds: (value) => value === "Stream" || value === "BaseAndStream",
};

const rules = {
  endpoint: textField("the instance's address", /^https?:\/\//),
  instanceName: textField("an instance's name"),
  credentials: { expected: "{ env }, { file } or { chain: true }", holds: (value: unknown) => typeof value === "object" && value !== null },
  tableName: textField("a table's name"),
  incarnation: optional(textField("the table's incarnation")),
  tunnelName: textField("1 to 255 letters, digits, `_` or `-`, beginning with a letter or `_`", /^[A-Za-z_][A-Za-z0-9_-]{0,254}$/),
  type: typeField,
  retentionHours: optional(wholeField(1, 168)),
  deleteTunnel: flagField,
};

export const tunnelInputs: readonly string[] = Object.keys(rules);

/** A tunnel, through the data plane. */
export const tunnelHandlers: Handlers = { check, diff, create, update, read, delete: remove };

function check({ asked, name }: Question): Promise<Answer> {
  const inputs = { ...asked, tunnelName: asked["tunnelName"] ?? name };
  return Promise.resolve({ inputs, failures: wrongFields(rules, inputs) });
}

/** Another table, name or type is another tunnel; an address is not. */
function diff({ before, now }: Comparison): Promise<Difference> {
  const replaces = ["instanceName", "tableName", "tunnelName"].filter((name) => !sameValue(before[name], now[name]));
  if (typeOf(before) !== typeOf(now)) replaces.push("type");
  // A tunnel goes with its table.
  if (remade(before["incarnation"], now["incarnation"])) replaces.push("incarnation");
  const kept = ["endpoint", "credentials", "retentionHours", "deleteTunnel"];
  return Promise.resolve({ changes: replaces.length > 0 || kept.some((name) => !sameValue(before[name], now[name])), replaces });
}

const typeOf = ({ type }: Properties) => (type === "BaseAndStream" ? type : "Stream");

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  const { instance, table, tunnel } = placeOf(inputs);
  return { id: `${instance}/${table}/${tunnel}`, outputs: await ensure(inputs, subject) };
}

function update({ now }: Comparison, subject: Subject): Promise<Properties> {
  return ensure(now, subject);
}

async function ensure(inputs: Properties, subject: Subject): Promise<Properties> {
  const { ensureTableTunnel } = await library();
  const declared = typeof inputs["retentionHours"] === "number" ? inputs["retentionHours"] : undefined;
  const wanted = { type: typeOf(inputs), retentionHours: declared ?? 168 } as const;
  const { tunnelId, retentionHours } = await ensureTableTunnel(placeOf(inputs), wanted, await contextFor(subject, false));
  if (declared !== undefined && retentionHours !== undefined && retentionHours !== declared) {
    const text = `the table's stream was on already and keeps changes ${String(retentionHours)} hours, not the ${String(declared)} declared; it is left as it is`;
    await subject.engine.warn(subject.urn, text);
  }
  return { tunnelId };
}

async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const place = placeOf(properties);
  if (!(await reachable(place.endpoint))) {
    await subject.engine.warn(subject.urn, "the instance does not answer, so this tunnel is recorded as it was");
    return { outputs: {} };
  }
  const { lookAtTableTunnel } = await library();
  const found = await lookAtTableTunnel(place, await contextFor(subject, false));
  return found === undefined || found.type !== typeOf(properties) ? undefined : { outputs: { tunnelId: found.tunnelId } };
}

async function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  const place = placeOf(properties);
  const title = `tunnel ${place.tunnel} of table ${place.table}`;
  if (!flag(properties, "deleteTunnel"))
    return subject.engine.say(subject.urn, `${title} stays, and how far its clients were; deleteTunnel: true would delete it`);
  const { deleteTableTunnel, lookAtTableTunnel } = await library();
  const context = await contextFor(subject, false);
  const found = await lookAtTableTunnel(place, context);
  if (found === undefined) return;
  // Made anew by somebody else since: not ours to delete.
  if (found.tunnelId !== properties["tunnelId"])
    return subject.engine.warn(subject.urn, `${title} is another one than was declared, and stays`);
  await deleteTableTunnel(place, context);
}

function placeOf(properties: Properties): TunnelPlace {
  return {
    endpoint: text(properties, "endpoint"),
    instance: text(properties, "instanceName"),
    credentials: properties["credentials"] as CredentialReference,
    table: text(properties, "tableName"),
    tunnel: text(properties, "tunnelName"),
  };
}
