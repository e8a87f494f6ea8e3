import { errorCodes, type ErrorCode } from "../../base/error-code.ts";
import { TableferryError } from "../../base/error.ts";
import { nearestName } from "../../base/nearest-name.ts";
import { exitCodes, exitMeanings, exitOfCode, type ExitCode } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { facts } from "../render/grid.ts";
import { wrapText } from "../render/plain-text.ts";
import { serviceWayOuts } from "../render/service-way-out.ts";

interface Explained {
  readonly code: string;
  /** What happened and the usual way out. */
  readonly text: string;
  readonly from: "tableferry" | "service";
  readonly exit: ExitCode;
}

const explained = (): readonly Explained[] => [
  ...Object.entries(errorCodes).map(([code, text]): Explained => ({ code, text, from: "tableferry", exit: exitOfCode(code) })),
  ...Object.entries(serviceWayOuts).map(([code, text]): Explained => ({ code, text, from: "service", exit: exitOfCode(code) })),
];

export const errors: Command = {
  run: async (invocation) => {
    const all = explained();
    const wanted = invocation.args[0];
    const { paint, width } = invocation.terminal;
    if (wanted === undefined) {
      const line = ({ code, text }: Explained) => [paint.bold(code), ...wrapText(text, width - 4).map((part) => `    ${part}`)];
      await invocation.reply(all, () => all.flatMap(line));
      return exitCodes.ok;
    }
    const found = all.find(({ code }) => code.toLowerCase() === wanted.toLowerCase());
    if (found === undefined)
      throw unknownCode(
        wanted,
        all.map(({ code }) => code),
      );
    await invocation.reply(found, () => [
      paint.bold(found.code),
      ...facts(
        [
          ["from", found.from === "tableferry" ? "tableferry itself" : "the Table Store service; the message it sent stands in the error"],
          ...wrapText(found.text, width - 14).map((line, i): [string, string] => [i === 0 ? "meaning" : "", line]),
          ["exit code", `${found.exit} (${meaningOf(found.exit)})`],
        ],
        paint,
      ),
    ]);
    return exitCodes.ok;
  },
};

function meaningOf(exit: ExitCode): string {
  const name = (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).find((key) => exitCodes[key] === exit);
  return name === undefined ? "" : (exitMeanings[name].split(";")[0] ?? "");
}

function unknownCode(wanted: string, codes: readonly string[]): TableferryError {
  const near = nearestName(wanted, codes);
  const code: ErrorCode = "TF_USAGE";
  return new TableferryError(code, {
    message: `there is no error code ${JSON.stringify(wanted)}`,
    wayOut: `${near === undefined ? "" : `Did you mean \`${near}\`? `}\`tableferry errors\` lists them all.`,
  });
}
