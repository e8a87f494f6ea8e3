import { flag, flagField, optional, text, textField, wrongFields } from "./fields.ts";
import type { Answer, Comparison, Difference, Found, Handlers, Made, Properties, Question, Subject } from "./handlers.ts";
import { remade, sameValue } from "./same-value.ts";
import { pingStore, withAdmin } from "./store-access.ts";

const rules = {
  endpoint: textField("the store's address", /^https?:\/\//),
  keysFile: textField("the store's keys file, relative to the folder of Pulumi.yaml"),
  storeId: optional(textField("the store's id")),
  instanceName: optional(
    textField(
      "3 to 16 letters, digits and hyphens, beginning with a letter, not ending with a hyphen",
      /^[A-Za-z][A-Za-z0-9-]{1,14}[A-Za-z0-9]$/,
    ),
  ),
  deleteData: flagField,
};

export const instanceInputs: readonly string[] = Object.keys(rules);

/** An instance on an embedded store. */
export const instanceHandlers: Handlers = { check, diff, create, update, read, delete: remove };

const placeOf = (properties: Properties) => ({ endpoint: text(properties, "endpoint"), keysFile: text(properties, "keysFile") });

function check({ asked, name }: Question): Promise<Answer> {
  const inputs = { ...asked, instanceName: asked["instanceName"] ?? name };
  return Promise.resolve({ inputs, failures: wrongFields(rules, inputs) });
}

function diff({ before, now }: Comparison): Promise<Difference> {
  const replaces = [
    ...(sameValue(before["instanceName"], now["instanceName"]) ? [] : ["instanceName"]),
    ...(remade(before["storeId"], now["storeId"]) ? ["storeId"] : []),
  ];
  // The address of a store may be given as it is found again; only the store's id says that it is another one.
  const changes = ["endpoint", "keysFile", "deleteData"].some((name) => !sameValue(before[name], now[name]));
  return Promise.resolve({ changes: changes || replaces.length > 0, replaces });
}

async function create(inputs: Properties, subject: Subject): Promise<Made> {
  const instanceName = text(inputs, "instanceName");
  return { id: instanceName, outputs: await ensure(inputs, subject) };
}

function update({ now }: Comparison, subject: Subject): Promise<Properties> {
  return ensure(now, subject);
}

function ensure(inputs: Properties, subject: Subject): Promise<Properties> {
  return withAdmin(placeOf(inputs), subject, async (admin) => {
    await admin.createInstance(text(inputs, "instanceName"));
    return { storeId: (await admin.ping()).storeId };
  });
}

async function read(_id: string, properties: Properties, subject: Subject): Promise<Found | undefined> {
  const answer = await pingStore(placeOf(properties), subject);
  if (answer === undefined) {
    await subject.engine.warn(
      subject.urn,
      "the store does not answer, so this instance is recorded as it was; `up` starts the store again",
    );
    return { outputs: {} };
  }
  return answer.instances.includes(text(properties, "instanceName")) ? { outputs: { storeId: answer.storeId } } : undefined;
}

async function remove(_id: string, properties: Properties, subject: Subject): Promise<void> {
  const name = text(properties, "instanceName");
  if (!flag(properties, "deleteData"))
    return subject.engine.say(subject.urn, `instance ${name} stays with its tables; deleteData: true would delete it`);
  await withAdmin(placeOf(properties), subject, async (admin) => {
    // Another store may answer at the address by now, with an instance of the same name.
    if ((await admin.ping()).storeId === properties["storeId"]) await admin.dropInstance(name, { force: true });
  });
}
