import type { Properties, Subject } from "./handlers.ts";
import { knownLater } from "./known-later.ts";
import { library } from "./library.ts";
import { unreachable } from "./reachable.ts";
import { sameValue } from "./same-value.ts";
import { anotherSync, changedMapping, declaredWorkers, syncFields, syncInputNames } from "./sync-inputs.ts";
import { orderOf } from "./sync-order.ts";
import { unknownPaths } from "./unknown.ts";

/** Lines for the preview, summary last. @throws what a worker would stop with: the preview then fails as the update would */
export async function planSyncJob(inputs: Properties, before: Properties | undefined, subject: Subject): Promise<readonly string[]> {
  const [anew, remapped] = before === undefined ? [false, false] : [anotherSync(before, inputs).length > 0, changedMapping(before, inputs)];
  if (before !== undefined && !anew && !remapped) return changeLines(before, inputs);
  if (unknownPaths(syncFields(inputs)).length > 0) return ["the plan is known once its source and target are"];
  const { planSync } = await library();
  const { spec, context } = await orderOf(inputs, subject);
  const absent = await unreachable(spec);
  if (absent.length > 0) return [`the plan is known once ${absent.join(" and ")} can be reached`];
  try {
    const { lines, problems, target } = await planSync(spec, context, { anew });
    // Whether the same update makes it, nobody can tell here.
    if (problems.some((problem) => problem.startsWith("TF_TARGET_MISSING"))) return [`the plan is known once ${target} is there`];
    if (problems.length > 0) throw new Refused(await refusal(problems));
    const summary = lines.at(-1) ?? "";
    const forgets = anew ? ["the workers end, what is known of the former sync is forgotten, and it begins anew"] : [];
    return [...forgets, ...lines.slice(0, -1), `${workersText(declaredWorkers(inputs))} on this machine`, summary];
  } catch (error) {
    return knownLater(error);
  }
}

/** Each problem, and the way out that its code has. */
async function refusal(problems: readonly string[]): Promise<string> {
  const { errorCodes } = await library();
  const ways = new Map<string, string>(Object.entries(errorCodes));
  return problems
    .map((problem) => {
      const way = ways.get(problem.split(":")[0] ?? "");
      return way === undefined ? problem : `${problem}\n  way out: ${way}`;
    })
    .join("\n");
}

/** Says what is wrong with a plan, nothing else. */
class Refused extends Error {}

/** What becomes of workers that run, where the sync stays the same. */
function changeLines(before: Properties, now: Properties): string[] {
  const [had, wanted] = [declaredWorkers(before), declaredWorkers(now)];
  const lines: string[] = [];
  if (wanted > had) lines.push(`${workersText(wanted)} instead of ${String(had)}; those that run go on meanwhile`);
  if (wanted < had) lines.push(`${workersText(wanted)} instead of ${String(had)}; those that stay take over the others' channels`);
  const told = ["runner", "timeoutSeconds", "onChange", "deleteTunnel", "forget", "sourceIncarnation", "targetIncarnation", "limits"];
  const read = syncInputNames.filter((name) => !told.includes(name) && !sameValue(before[name], now[name]));
  const limits = sameValue(before["limits"], now["limits"]) ? [] : ["limits"];
  if (read.length > 0) lines.push(`${[...read, ...limits].join(", ")}: the workers are started again with it, one after the other`);
  else if (limits.length > 0)
    lines.push("limits: rates are changed as the workers run; other limits start them again, one after the other");
  return lines;
}

function workersText(workers: number): string {
  return workers === 1 ? "1 worker" : `${String(workers)} workers`;
}
