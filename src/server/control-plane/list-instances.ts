import type { Catalogue } from "../../store/catalogue.ts";
import { attributesOf } from "../../store/instance-record.ts";
import { tagsOf } from "./attribute-parameters.ts";
import { instanceAnswer } from "./instance-answer.ts";
import { invalid, oneOf, optionalText, type Parameters } from "./parameters.ts";

const RESULTS_MAX = 200;
const RESULTS_DEFAULT = 100;

/** Instances in order of their names, a page at a time; every filter of the service's documents holds. @throws ValidationFailed */
export function listInstances(parameters: Parameters, catalogue: Catalogue): object {
  const most = mostResults(optionalText(parameters, "MaxResults") ?? "");
  const matches = filterOf(parameters, catalogue);
  const found = catalogue.instances().filter(matches);
  const token = optionalText(parameters, "NextToken") ?? "";
  const after = Buffer.from(token, "base64url").toString();
  const rest = token === "" ? found : found.filter((name) => name > after);
  const page = rest.slice(0, most);
  const region = optionalText(parameters, "RegionId") ?? "";
  return {
    TotalCount: found.length,
    NextToken: rest.length > most ? Buffer.from(page.at(-1)!).toString("base64url") : "",
    Instances: page.map((name) => instanceAnswer(name, catalogue.instance(name), region)),
  };
}

function mostResults(text: string): number {
  if (text === "" || text === "0") return RESULTS_DEFAULT;
  const most = Number(text);
  return Number.isInteger(most) && most > 0 && most <= RESULTS_MAX ? most : invalid(`MaxResults must be in range: [0, ${RESULTS_MAX}].`);
}

function filterOf(parameters: Parameters, catalogue: Catalogue): (name: string) => boolean {
  const status = oneOf(parameters, "Status", ["", "normal", "deleting", "forbidden"]) ?? "";
  const part = optionalText(parameters, "InstanceName") ?? "";
  const group = optionalText(parameters, "ResourceGroupId") ?? "";
  const list = optionalText(parameters, "InstanceNameList") ?? "";
  const names = list === "" ? undefined : new Set(list.split(","));
  const tags = wantedTags(optionalText(parameters, "Tag") ?? "");
  return (name) => {
    const { resourceGroup, tags: own } = attributesOf(catalogue.instance(name));
    return (
      (status === "" || status === "normal") &&
      name.includes(part) &&
      (group === "" || group === resourceGroup) &&
      (names === undefined || names.has(name)) &&
      // A tag without a value is one whatever its value.
      tags.every(([key, value]) => own.some((tag) => tag[0] === key && (value === "" || tag[1] === value)))
    );
  };
}

function wantedTags(text: string): ReturnType<typeof tagsOf> {
  if (text === "") return [];
  let tags: unknown;
  try {
    tags = JSON.parse(text);
  } catch {
    return invalid("Tag is no JSON.");
  }
  return tagsOf({ Tag: tags }, "Tag");
}
