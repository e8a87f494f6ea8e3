import { TableferryError } from "../base/error.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Asks before something that cannot be undone; `--yes` answers beforehand.
 * @throws TF_USAGE where nobody can answer and --yes is not given
 */
export async function confirmed(invocation: Invocation, question: string): Promise<boolean> {
  if (invocation.flag("yes")) return true;
  const answer = invocation.json ? undefined : await invocation.terminal.ask(`${question} [y/N] `);
  if (answer === undefined) {
    throw new TableferryError("TF_USAGE", {
      message: `nobody can be asked here: ${question}`,
      wayOut: "Give --yes to go ahead without being asked.",
    });
  }
  if (/^y(es)?$/i.test(answer.trim())) return true;
  invocation.note("Nothing was changed.");
  return false;
}
