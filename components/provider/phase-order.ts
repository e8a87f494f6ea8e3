/** The phases of a table that moves, and from which each may be reached; from itself it always may. */
const reachedFrom = {
  copy: ["nothing", "sync"],
  sync: ["nothing", "copy", "cutover", "reverse"],
  cutover: ["sync", "reverse"],
  reverse: ["cutover"],
  retired: ["reverse"],
} as const;

export type Phase = keyof typeof reachedFrom;

export const phases: readonly string[] = Object.keys(reachedFrom);

export function isPhase(value: unknown): value is Phase {
  return typeof value === "string" && phases.includes(value);
}

/**
 * Why one phase cannot follow another, with the way out; undefined: it can. One change a phase, so that each is looked at before the next is merged.
 * @param before undefined: there is nothing yet
 */
export function phaseProblem(before: Phase | undefined, now: Phase): string | undefined {
  const from = before ?? "nothing";
  if (from === now || reachedFrom[now].some((one) => one === from)) return undefined;
  if (from === "retired")
    return 'it is retired: what was written since is followed by nobody. To begin anew, declare another table under a new jobName, or take the change back (phase: "retired")';
  const ways = reachedFrom[now].filter((one) => one !== "nothing");
  const first = from === "nothing" ? "copy" : stepTowards(from, now);
  const retire = now === "retired" ? "; to give the move up instead, take the resource out of the program: rows stay on both sides" : "";
  return `"${now}" follows ${ways.map((one) => `"${one}"`).join(" or ")} only, and ${from === "nothing" ? "there is nothing yet" : `this is "${from}"`}: declare phase: "${first}" first and run \`pulumi up\`${retire}`;
}

/** The first step on the shortest way. */
function stepTowards(from: Phase, to: Phase): Phase {
  let ring: readonly { readonly at: Phase; readonly first: Phase | undefined }[] = [{ at: from, first: undefined }];
  const seen = new Set<Phase>([from]);
  for (;;) {
    const next = ring.flatMap(({ at, first }) => {
      const reached = (Object.keys(reachedFrom) as Phase[]).filter(
        (one) => !seen.has(one) && reachedFrom[one].some((former) => former === at),
      );
      return reached.map((one) => ({ at: one, first: first ?? one }));
    });
    for (const { at } of next) seen.add(at);
    const there = next.find(({ at }) => at === to);
    if (there?.first !== undefined || next.length === 0) return there?.first ?? to;
    ring = next;
  }
}
