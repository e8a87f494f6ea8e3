import type { MigrationPlan, PlannedMapping, PlannedSide } from "./migration-plan.ts";

/** A plan for people: what is moved, how, how long it will take, what could go wrong; the summary last. */
export function planLines(plan: Omit<MigrationPlan, "lines">): string[] {
  const { source, target, mapping, done } = plan;
  const lines = [`from ${source.title}${keyText(source)}`, `to ${target.title}${keyText(target)}${targetState(plan)}`];
  if (mapping !== undefined) lines.push(mappingLine(mapping));
  if (mapping !== undefined && mapping.refused > 0)
    lines.push(`! ${mapping.refused} of ${mapping.sampled} sampled rows would be rejected: ${mapping.firstRefusals.join("; ")}`);
  if (done !== undefined)
    lines.push(
      `resumes: ${count(done.rowsWritten)} rows written, ${done.splitsDone} of ${plan.splits} splits done, ${count(done.rejects)} rejects`,
    );
  for (const warning of plan.warnings) lines.push(`! ${warning}`);
  for (const problem of plan.problems) lines.push(`✗ ${problem}`);
  return [...lines, summary(plan)];
}

function keyText({ exists, key }: PlannedSide): string {
  const columns = key.length === 0 ? "" : `, key ${key.map(({ name, type }) => `${name} ${type}`).join(", ")}`;
  return `${columns}${exists ? "" : " (not there yet)"}`;
}

function targetState({ target }: Pick<MigrationPlan, "target">): string {
  if (target.willBeCreated) return "; will be made";
  return target.empty === undefined ? "" : target.empty ? "; empty" : "; holds rows";
}

function mappingLine({ identity, mode, injective, hash }: PlannedMapping): string {
  if (identity) return "rows are carried over as they are";
  return `mapping ${hash.slice(0, 12)}: keys kept apart ${injective}; on a stream it applies by ${mode}`;
}

function summary({ action, estimate, splits, workers, problems }: Omit<MigrationPlan, "lines">): string {
  const rows = estimate.rows === undefined ? "rows" : `about ${count(estimate.rows)} rows`;
  const bytes = estimate.bytes === undefined ? "" : `, ${bytesText(estimate.bytes)}`;
  const time = estimate.seconds === undefined ? "" : `, about ${secondsText(estimate.seconds)} (at ${estimate.basis})`;
  switch (action) {
    case "copy":
      return `copies ${rows}${bytes} in ${splits} splits by ${Math.min(workers, splits)} workers${time}`;
    case "resume":
      return `goes on copying ${rows}${bytes}`;
    case "verify":
      return `is copied; verifies ${rows}`;
    case "nothing-to-do":
      return "nothing to do: complete and unchanged";
    case "refuse":
      return `would stop: ${problems[0]}`;
    case "unknown":
      return "known once the source exists";
  }
}

const count = (value: number) => value.toLocaleString("en-US");

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** at;
  return `${at === 0 ? value : value.toPrecision(3)} ${units[at]}`;
}

function secondsText(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
