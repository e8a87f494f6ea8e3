import { TableferryError } from "../../base/error.ts";
import { replaySync } from "../../run/parked-job.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { counted } from "../render/amounts.ts";
import { plainText } from "../render/plain-text.ts";
import { rejectTitle } from "../render/reject-text.ts";

/** Refused ones listed. */
const shown = 20;

export const rejectsReplay: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const numbers = invocation.args.slice(1).map(numberOf);
    const result = await lookWithJob(invocation, job, ({ spec }, context) =>
      replaySync(spec, context, numbers.length === 0 ? undefined : numbers),
    );
    const { replayed, refused, held } = result;
    await invocation.reply(result, () => [
      `${counted(replayed, "row")} carried over.`,
      ...(refused.length === 0 ? [] : [`${counted(refused.length, "row")} still cannot be:`]),
      ...refused.slice(0, shown).map((one) => `  ${rejectTitle(one)}`),
      ...held.map((place) => `Another process is replaying ${plainText(place)}.`),
    ]);
    return refused.length === 0 ? exitCodes.ok : exitCodes.failed;
  },
};

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TableferryError("TF_USAGE", {
    message: `${JSON.stringify(text)} is no number of a reject`,
    wayOut: "`tableferry rejects list` numbers them from 1.",
  });
}
