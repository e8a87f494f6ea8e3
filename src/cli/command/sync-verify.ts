import { TableferryError } from "../../base/error.ts";
import { verificationOfSync, verifySync, type VerifiedSync } from "../../run/verify-sync.ts";
import { partSpec, type SyncSpec } from "../../job/sync-spec.ts";
import type { RollingReport } from "../../verify/rolling/report.ts";
import { confirmed } from "../confirm.ts";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { count, counted, duration } from "../render/amounts.ts";
import { grid } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

/** Differences listed for people. */
const shown = 20;

export const syncVerify: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    if (invocation.flag("report")) {
      const report = await lookWithJob(invocation, job, ({ spec }, context) => verificationOfSync(spec, context));
      await invocation.reply(report, () => reportLines(report, invocation));
      return exitCodes.ok;
    }
    const deleteExtras = invocation.flag("deleteExtras");
    if (deleteExtras && !invocation.flag("repair"))
      throw new TableferryError("TF_USAGE", { message: "--delete-extras makes sense with --repair only", place: "--delete-extras" });
    if (deleteExtras && !(await confirmed(invocation, `Delete rows of the target of ${job.spec.name} that the source has not?`)))
      return exitCodes.failed;
    const options = {
      part: partOf(invocation),
      everySeconds: invocation.number("every"),
      repair: invocation.flag("repair"),
      deleteExtras,
    };
    return await lookWithJob(invocation, job, async ({ spec }, context) => {
      for (;;) {
        const verified = await verifySync(spec, context, options);
        await invocation.reply(verified, () => roundLines(verified));
        if (!invocation.flag("continuous")) return codeOf(verified);
      }
    });
  },
};

/** A part of the table, written as in a job file. */
function partOf(invocation: Invocation): Pick<SyncSpec, "range" | "filter"> | undefined {
  const [from, to, where] = (["from", "to", "where"] as const).map((name) => jsonOf(name, invocation.text(name)));
  if (from === undefined && to === undefined && where === undefined) return undefined;
  const part = { range: from === undefined && to === undefined ? undefined : { from, to }, filter: where };
  const parsed = partSpec.safeParse(part);
  if (parsed.success) return parsed.data;
  throw new TableferryError("TF_USAGE", {
    message: `no part of a table: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ")}`,
    place: "--from, --to, --where",
    wayOut: `Write them as in a job file, in JSON: --from '["alice", 5]', --where '[{"column": "state", "is": "=", "value": "open"}]'.`,
  });
}

function jsonOf(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new TableferryError("TF_USAGE", { message: `--${name} is no JSON: ${text}`, place: `--${name}` });
  }
}

/** What differs and was not made good. */
function codeOf({ round, repaired }: VerifiedSync): ExitCode {
  const left = round.differing - (repaired?.counts.repaired ?? 0) - (repaired?.counts.alike ?? 0);
  return left > 0 || round.unsettled > 0 ? exitCodes.different : exitCodes.ok;
}

function roundLines({ round, repaired }: VerifiedSync): string[] {
  const { differing, unsettled, explained, rowsCompared, differences, begunAt, endedAt } = round;
  const head = differing === 0 && unsettled === 0 ? "equal" : `${counted(differing, "row")} differ, ${count(unsettled)} unsettled`;
  const parked = explained === 0 ? "" : `, ${count(explained)} explained by parked rows`;
  const fixed = Object.entries(repaired?.counts ?? {}).filter(([, number]) => number > 0);
  return [
    `Round ${round.round}: ${head}; ${counted(rowsCompared, "row")} compared in ${duration((endedAt - begunAt) / 1000)}${parked}.`,
    ...differences
      .slice(0, shown)
      .map(({ kind, key, columns }) =>
        plainText(`  ${kind}: ${key}${columns.length === 0 ? "" : ` (${columns.map(({ name }) => name).join(", ")})`}`),
      ),
    ...(fixed.length === 0 ? [] : [`Repair: ${fixed.map(([outcome, number]) => `${count(number)} ${outcome}`).join(", ")}.`]),
  ];
}

function reportLines({ verifiedSince, current, last, days }: RollingReport, { terminal, surroundings }: Invocation): string[] {
  const age =
    verifiedSince === null
      ? "Some part was never verified."
      : `Every row was verified within the last ${duration((surroundings.clock.now() - verifiedSince) / 1000)}.`;
  const rows = days.map((day) => [
    day.day,
    count(day.rounds),
    count(day.rowsCompared),
    count(day.differing),
    count(day.unsettled),
    count(day.explained),
  ]);
  return [
    age,
    ...(current === null ? [] : [`Round ${current.round} is under way: ${counted(current.rowsCompared, "row")} so far.`]),
    ...(last === null ? [] : [`Round ${last.round} ended ${new Date(last.endedAt).toISOString()}: ${count(last.differing)} differing.`]),
    ...(rows.length === 0 ? [] : ["", ...grid(["day", "rounds", "rows", "differing", "unsettled", "explained"], rows, terminal)]),
  ];
}
