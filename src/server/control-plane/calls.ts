import { clusterTypes, type InstanceAttributes } from "../../model/instance.ts";
import type { Catalogue } from "../../store/catalogue.ts";
import { attributesOf, type InstanceRecord, type NewInstance } from "../../store/instance-record.ts";
import { TableferryError } from "../../base/error.ts";
import { ServiceError } from "../../wire/service-error.ts";
import { parsePolicy } from "../instance-policy.ts";
import { changedAttributes, newAttributes, taggedInstances, tagsOf, withTags } from "./attribute-parameters.ts";
import type { ControlCallName } from "./control-path.ts";
import { instanceAnswer } from "./instance-answer.ts";
import { listInstances } from "./list-instances.ts";
import { invalid, optionalText, optionalTexts, type Parameters, requiredText } from "./parameters.ts";

/** What the calls act on. */
export interface InstanceKeeper {
  readonly catalogue: Catalogue;
  /** False when it was there already. @throws TF_INSTANCE_INVALID */
  createInstance(name: string, more: NewInstance): Promise<boolean>;
  /** Without its tables; false when there is none. @throws TF_INSTANCE_NOT_EMPTY */
  dropInstance(name: string): Promise<boolean>;
}

interface ControlCall {
  readonly method: "GET" | "POST";
  readonly answer: (parameters: Parameters, keeper: InstanceKeeper) => object | Promise<object>;
}

/** Characters, as the service documents it. */
const POLICY_LENGTH_MAX = 4000;

/** What answers each call. */
export const calls: Readonly<Record<ControlCallName, ControlCall>> = {
  "v2/openapi/listclustertype": { method: "GET", answer: () => ({ ClusterTypes: clusterTypes }) },
  "v2/openapi/getinstance": {
    method: "GET",
    answer: (parameters, { catalogue }) => {
      const name = knownInstance(catalogue, requiredText(parameters, "InstanceName"));
      return instanceAnswer(name, catalogue.instance(name), optionalText(parameters, "RegionId") ?? "");
    },
  },
  "v2/openapi/listinstances": { method: "GET", answer: (parameters, { catalogue }) => listInstances(parameters, catalogue) },
  "v2/openapi/createinstance": { method: "POST", answer: createInstance },
  "v2/openapi/deleteinstance": { method: "POST", answer: deleteInstance },
  "v2/openapi/updateinstance": {
    method: "POST",
    answer: (parameters, { catalogue }) => {
      const changed = changedAttributes(parameters);
      return update(catalogue, [requiredText(parameters, "InstanceName")], (attributes) => ({ ...attributes, ...changed }));
    },
  },
  "v2/openapi/changeresourcegroup": {
    method: "POST",
    answer: (parameters, { catalogue }) => {
      const resourceGroup = requiredText(parameters, "NewResourceGroupId");
      return update(catalogue, [requiredText(parameters, "ResourceId")], (attributes) => ({ ...attributes, resourceGroup }));
    },
  },
  "v2/openapi/tagresources": {
    method: "POST",
    answer: (parameters, { catalogue }) => {
      const more = tagsOf(parameters, "Tags");
      if (more.length === 0) invalid("Tags is required.");
      return update(catalogue, taggedInstances(parameters), (attributes) => ({ ...attributes, tags: withTags(attributes.tags, more) }));
    },
  },
  "v2/openapi/untagresources": {
    method: "POST",
    answer: (parameters, { catalogue }) => {
      const [keys, all] = [optionalTexts(parameters, "TagKeys") ?? [], parameters["All"] === true];
      if (keys.length === 0 && !all) invalid("TagKeys is required.");
      return update(catalogue, taggedInstances(parameters), (attributes) => ({
        ...attributes,
        tags: all ? [] : attributes.tags.filter(([key]) => !keys.includes(key)),
      }));
    },
  },
};

/** An instance of this name is refused (code and text unverified), whoever made it and whatever its attributes. */
async function createInstance(parameters: Parameters, keeper: InstanceKeeper): Promise<object> {
  const name = requiredText(parameters, "InstanceName");
  const instance = { attributes: newAttributes(parameters), policy: policyOf(parameters) };
  const created = await told(() => keeper.createInstance(name, instance));
  if (!created) throw new ServiceError(409, "ObjectAlreadyExist", "Requested instance already exists.");
  return {};
}

async function deleteInstance(parameters: Parameters, keeper: InstanceKeeper): Promise<object> {
  const name = requiredText(parameters, "InstanceName");
  if (!(await told(() => keeper.dropInstance(name)))) throw missing();
  return {};
}

async function update(
  catalogue: Catalogue,
  names: readonly string[],
  change: (attributes: InstanceAttributes) => InstanceAttributes,
): Promise<object> {
  for (const name of names) knownInstance(catalogue, name);
  await catalogue.updateInstances(names, (record: InstanceRecord) => ({ ...record, attributes: change(attributesOf(record)) }));
  return {};
}

function policyOf(parameters: Parameters): string | undefined {
  const text = optionalText(parameters, "Policy") ?? "";
  if (text === "") return undefined;
  if (text.length > POLICY_LENGTH_MAX) invalid(`The length of Policy exceeds the limit: ${POLICY_LENGTH_MAX}.`);
  try {
    return JSON.stringify(parsePolicy(JSON.parse(text)));
  } catch (thrown) {
    return invalid(thrown instanceof TableferryError ? thrown.sentence : "Policy is no JSON.");
  }
}

/** Our own refusals in the service's words; the text for tables that are there is what its older control plane says (unverified of this one). */
async function told<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (thrown) {
    if (!(thrown instanceof TableferryError)) throw thrown;
    if (thrown.code === "TF_INSTANCE_NOT_EMPTY") return invalid("The instance is not empty.");
    if (thrown.code === "TF_INSTANCE_INVALID") return invalid(`Invalid instance name: '${thrown.place ?? ""}'.`);
    throw thrown;
  }
}

function knownInstance(catalogue: Catalogue, name: string): string {
  if (!catalogue.hasInstance(name)) throw missing();
  return name;
}

/** The status is what clients look at (reference 8.1); code and text are unverified. */
function missing(): ServiceError {
  return new ServiceError(404, "NotFound", "The instance is not found.");
}
