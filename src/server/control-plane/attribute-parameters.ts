import { clusterTypes, defaultAttributes, type InstanceAttributes, networks, networkSources, networkTypes } from "../../model/instance.ts";
import { invalid, isObject, oneOf, optionalList, optionalText, type Parameters, requiredTexts, someOf } from "./parameters.ts";

/** Of an instance (unverified); of a key or value as the service documents it for keys, in characters. */
const TAGS_MAX = 20;
const TAG_LENGTH_MAX = 64;
/** In characters; empty is none. */
const DESCRIPTION_LENGTHS = { least: 3, most: 256 } as const;
/** Of what the service documents no limit for. */
const TEXT_LENGTH_MAX = 256;

/** What createinstance says of an instance. @throws ValidationFailed */
export function newAttributes(parameters: Parameters): InstanceAttributes {
  const clusterType = oneOf(parameters, "ClusterType", clusterTypes) ?? invalid("ClusterType is required.");
  return {
    ...defaultAttributes,
    clusterType,
    resourceGroup: shortText(parameters, "ResourceGroupId") ?? "",
    tags: withTags([], tagsOf(parameters, "Tags")),
    ...changedAttributes(parameters),
  };
}

/** What updateinstance changes: only what is present. @throws ValidationFailed */
export function changedAttributes(parameters: Parameters): Partial<InstanceAttributes> {
  const description = optionalText(parameters, "InstanceDescription");
  const { least, most } = DESCRIPTION_LENGTHS;
  if (description !== undefined && description !== "" && (description.length < least || description.length > most))
    invalid(`The length of InstanceDescription must be in range: [${least}, ${most}].`);
  return present({
    description,
    alias: shortText(parameters, "AliasName"),
    network: oneOf(parameters, "Network", networks),
    networkTypes: someOf(parameters, "NetworkTypeACL", networkTypes),
    networkSources: someOf(parameters, "NetworkSourceACL", networkSources),
  });
}

/** Keys and values; a list that is left out is empty. @throws ValidationFailed */
export function tagsOf(parameters: Parameters, name: string): InstanceAttributes["tags"] {
  return (optionalList(parameters, name) ?? []).map((tag) => {
    if (!isObject(tag)) return invalid(`${name} must be a list of objects with Key and Value.`);
    const [key, value] = [optionalText(tag, "Key") ?? "", optionalText(tag, "Value") ?? ""];
    if (key === "" || key.length > TAG_LENGTH_MAX) invalid(`The length of a tag's key must be in range: [1, ${TAG_LENGTH_MAX}].`);
    if (value.length > TAG_LENGTH_MAX) invalid(`The length of a tag's value must be in range: [0, ${TAG_LENGTH_MAX}].`);
    return [key, value] as const;
  });
}

/** The tags with others added, which take the place of those with the same key. @throws ValidationFailed where they become too many */
export function withTags(tags: InstanceAttributes["tags"], more: InstanceAttributes["tags"]): InstanceAttributes["tags"] {
  const all = [...new Map([...tags, ...more])];
  return all.length > TAGS_MAX ? invalid(`The number of tags exceeds the limit: ${TAGS_MAX}.`) : all;
}

/** Names of instances, of which tagresources and untagresources speak. @throws ValidationFailed */
export function taggedInstances(parameters: Parameters): readonly string[] {
  // Documented in small letters; the provider sends capitals.
  if (optionalText(parameters, "ResourceType")?.toUpperCase() !== "INSTANCE") invalid("ResourceType must be INSTANCE.");
  return [...new Set(requiredTexts(parameters, "ResourceIds"))];
}

function shortText(parameters: Parameters, name: string): string | undefined {
  const text = optionalText(parameters, name);
  if (text !== undefined && text.length > TEXT_LENGTH_MAX) invalid(`The length of ${name} must be in range: [0, ${TEXT_LENGTH_MAX}].`);
  return text;
}

type Optional<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

function present(fields: Optional<InstanceAttributes>): Partial<InstanceAttributes> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
