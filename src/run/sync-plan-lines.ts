import type { UnfinishedPlan } from "./plan-sync.ts";

/** A plan for people: from where to where, how changes are applied, what could go wrong; the summary last. */
export function syncPlanLines(plan: UnfinishedPlan): string[] {
  const { source, target, mode, stream, tunnel, copy, warnings, problems } = plan;
  const lines = [`from ${source} to ${target}${copy?.target.willBeCreated === true ? ", which will be made" : ""}`];
  if (mode !== undefined) {
    lines.push(mappingLine(plan, mode));
    lines.push(
      `${stream.enabled ? "the source's stream is on and keeps" : "the source's stream will be switched on, to keep"} changes ${stream.hours} hours; tunnel ${tunnel.name} ${tunnel.exists ? "is there" : "will be made"}`,
    );
  }
  if (copy?.mapping !== undefined && copy.mapping.refused > 0)
    lines.push(
      `! ${copy.mapping.refused} of ${copy.mapping.sampled} sampled rows would be put aside: ${copy.mapping.firstRefusals.join("; ")}`,
    );
  for (const warning of warnings) lines.push(`! ${warning}`);
  for (const problem of problems) lines.push(`✗ ${problem}`);
  return [...lines, summary(plan)];
}

/** R1, in words. */
const modeWords: Readonly<Record<NonNullable<UnfinishedPlan["mode"]>, string>> = {
  cells: "each change is applied as its record says",
  image: "each change is applied with the old values that the stream keeps",
  "look-up": "for each change the row is read again",
};

function mappingLine({ identity, mappingHash }: UnfinishedPlan, mode: NonNullable<UnfinishedPlan["mode"]>): string {
  return `${identity ? "rows are carried over as they are" : `mapping ${mappingHash.slice(0, 12)}`}; ${modeWords[mode]} (${mode})`;
}

function summary({ action, copy, problems }: UnfinishedPlan): string {
  const rows = copy?.estimate.rows === undefined ? "the rows there are" : `about ${copy.estimate.rows.toLocaleString("en-US")} rows`;
  const time =
    copy?.estimate.seconds === undefined ? "" : ` (about ${copy.estimate.seconds.toLocaleString("en-US")} s at ${copy.estimate.basis})`;
  switch (action) {
    case "begin":
      return copy === undefined
        ? "applies changes from the tunnel's beginning on"
        : `copies ${rows}${time}, then applies changes as they come`;
    case "recopy":
      return `copies ${rows} again over what is there${time}, then applies changes as they come`;
    case "from now":
      return "applies the changed mapping to changes from now on; rows that are there stay as they are";
    case "go on":
      return copy === undefined ? "is copied; goes on applying changes" : `goes on copying ${rows}, then applies changes as they come`;
    case "refuse":
      return `would stop: ${problems[0]}`;
    case "unknown":
      return "known once the source exists";
  }
}
