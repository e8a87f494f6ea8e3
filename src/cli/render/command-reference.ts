import { commandTable, everywhere, type CommandRow, type OptionRow } from "../command-table.ts";
import { exitCodes, exitMeanings, exitOfCode } from "../exit-code.ts";
import { serviceWayOuts } from "./service-way-out.ts";

/** The reference page of the documentation, from the tables that the command itself runs by. */
export function commandReference(): string {
  return [
    "# Commands, options and exit codes",
    "<!-- Written by the tests from src/cli/command-table.ts and src/cli/exit-code.ts; run `npx vitest run --project unit test/unit/cli/command-reference.test.ts -u` after changing them. -->",
    "Options of every command:",
    optionTable(everywhere),
    ...commandTable.map(commandSection),
    "## Exit codes",
    table(
      ["code", "name", "meaning"],
      Object.entries(exitCodes).map(([name, code]) => [String(code), `\`${name}\``, exitMeanings[name as keyof typeof exitCodes]]),
    ),
    "## Error codes",
    "`tableferry errors` lists every code of tableferry's own with what happened, the way out and the exit code; `tableferry errors CODE` explains one.",
    "## Error codes of the service",
    "The service's own codes keep their names and texts; tableferry adds a way out.",
    table(
      ["code", "the way out", "exit"],
      Object.entries(serviceWayOuts).map(([code, text]) => [`\`${code}\``, text, String(exitOfCode(code))]),
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

function commandSection(row: CommandRow): string {
  const words = (row.arguments ?? []).map(
    ({ name, optional, repeated }) =>
      `${optional === true ? "[" : "<"}${name}${repeated === true ? "..." : ""}${optional === true ? "]" : ">"}`,
  );
  return [
    `## \`tableferry ${[row.path, ...words].join(" ")}\``,
    `${row.summary[0]!.toUpperCase()}${row.summary.slice(1)}.`,
    ...(row.detail ?? []),
    ...(row.arguments === undefined
      ? []
      : [
          table(
            ["argument", "meaning"],
            row.arguments.map(({ name, text }) => [`\`${name}\``, text]),
          ),
        ]),
    ...(row.options === undefined ? [] : [optionTable(row.options)]),
    ["```sh", ...row.examples.map(({ type, gives }) => `tableferry ${type}   # ${gives}`), "```"].join("\n"),
  ].join("\n\n");
}

function optionTable(rows: readonly OptionRow[]): string {
  const flags = (row: OptionRow) =>
    `\`${row.short === undefined ? "" : `-${row.short}, `}--${row.name}${row.kind === "flag" ? "" : ` <${row.value ?? "value"}>`}\``;
  return table(
    ["option", "meaning"],
    rows.map((row) => [flags(row), `${row.text}${row.env === undefined ? "" : ` (or \`$${row.env}\`)`}`]),
  );
}

function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(headers), line(headers.map(() => "---")), ...rows.map(line)].join("\n");
}
