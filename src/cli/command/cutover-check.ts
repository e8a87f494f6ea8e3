import { checkCutOver } from "../../run/cut-over-job.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { lookWithJob } from "../job-run.ts";
import { loadSync } from "../load-job.ts";
import { plainText } from "../render/plain-text.ts";

export const cutoverCheck: Command = {
  run: async (invocation) => {
    const job = await loadSync(invocation, invocation.arg(0));
    const { paint } = invocation.terminal;
    const check = await lookWithJob(invocation, job, ({ spec }, context) => checkCutOver(spec, context));
    const { record, items, ready } = check;
    await invocation.reply(check, () => [
      `${paint.bold(check.job)}: writers go to the ${record.way === "forward" ? "source" : "target"}${record.step === "idle" ? "" : `; a cut-over is under way (${record.step})`}`,
      ...items.map((item) => plainText(`  ${item.ready ? "✓" : "✗"} ${item.what}: ${item.text}`)),
      ...(record.retreat === undefined ? [] : [plainText(`  The last attempt went back: ${record.retreat}`)]),
      ready ? "Writers may be moved." : "A cut-over would be refused.",
    ]);
    return ready ? exitCodes.ok : exitCodes.failed;
  },
};
