import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { TableferryError } from "../base/error.ts";
import { commandTable, everywhere, groups, type CommandRow, type OptionRow } from "./command-table.ts";
import { exitCodes, exitMeanings, type ExitCode } from "./exit-code.ts";
import { Invocation, selfName, type OptionValue, type Surroundings } from "./invocation.ts";

/**
 * Reads the command line by the command table and runs what it names.
 * @returns the exit code
 * @throws TF_USAGE for a command line that makes no sense, with the nearest word; whatever the command throws
 */
export async function runProgram(argv: readonly string[], surroundings: Surroundings, version: string): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.ok;
  let complaint = "";
  const said: string[] = [];
  const program = new Command("tableferry")
    .description("Move and replicate data with Alibaba Cloud Table Store: declared, proved, and the same on a laptop.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help; `tableferry <command> --help` for a command, with examples")
    .exitOverride()
    .configureHelp({ helpWidth: surroundings.terminal.width, showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => said.push(text),
      writeErr: (text) => (complaint += text),
      outputError: (text) => (complaint = text),
    });
  for (const row of everywhere) program.addOption(optionOf(row));
  program.addHelpText("after", () => afterHelp(selfName(surroundings.env)));
  for (const row of commandTable) {
    const command = childFor(program, row);
    describe(command, row, surroundings);
    command.action(async () => {
      const typed = command.optsWithGlobals<Record<string, OptionValue>>();
      const invocation = new Invocation(surroundings, command.args, { ...fromVariables(row, surroundings), ...typed });
      exit = await (await row.load()).run(invocation);
    });
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help asked for comes through writeOut; help shown for want of a command through writeErr.
    if (thrown.code === "commander.help") said.push(complaint);
    else if (thrown.exitCode !== 0) throw usageError(complaint, argv, selfName(surroundings.env));
    exit = thrown.code === "commander.help" ? exitCodes.usage : exitCodes.ok;
  }
  if (said.length > 0) await surroundings.terminal.out(said.join(""));
  return exit;
}

/** The command at a path; the group before its last word is made when it is new. */
function childFor(program: Command, row: CommandRow): Command {
  const words = row.path.split(" ");
  const group =
    words.length === 1
      ? program
      : (program.commands.find((command) => command.name() === words[0]) ??
        program.command(words[0]!).description(groups[words[0]!] ?? ""));
  return group.command(words.at(-1)!);
}

function describe(command: Command, row: CommandRow, surroundings: Surroundings): void {
  command.summary(row.summary);
  command.description([`${row.summary[0]!.toUpperCase()}${row.summary.slice(1)}.`, ...(row.detail ?? [])].join("\n\n"));
  for (const argument of row.arguments ?? []) {
    const name = argument.repeated === true ? `${argument.name}...` : argument.name;
    command.argument(argument.optional === true ? `[${name}]` : `<${name}>`, argument.text);
  }
  for (const option of row.options ?? []) command.addOption(optionOf(option));
  const self = selfName(surroundings.env);
  command.addHelpText(
    "after",
    () => `\nExamples:\n${row.examples.map(({ type, gives }) => `  $ ${self} ${type}\n      ${gives}`).join("\n")}`,
  );
}

function optionOf(row: OptionRow): Option {
  const dashes = `${row.short === undefined ? "" : `-${row.short}, `}--${row.name}`;
  const text = row.env === undefined ? row.text : `${row.text} (or $${row.env})`;
  const option = new Option(row.kind === "flag" ? dashes : `${dashes} <${row.value ?? "value"}>`, text);
  if (row.kind === "count") option.argParser((text) => wholeNumber(text, Number.MAX_SAFE_INTEGER));
  if (row.kind === "port") option.argParser((text) => wholeNumber(text, 65_535));
  if (row.kind === "list") option.argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text]);
  if (typeof row.kind === "object") option.choices(row.kind.oneOf);
  return option;
}

/** Options that variables stand in for, by their names in `Invocation`. */
function fromVariables(row: CommandRow, { env }: Surroundings): Record<string, OptionValue> {
  const set = (row.options ?? []).filter((option) => option.env !== undefined && (env[option.env] ?? "") !== "");
  return Object.fromEntries(set.map((option) => [optionOf(option).attributeName(), env[option.env!]]));
}

function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) throw new InvalidArgumentError(`Expected a whole number from 0 to ${max}.`);
  return value;
}

/**
 * Commander's complaint as an error of ours: its first line says what is wrong, its hint becomes the way out. The place
 * names the command only, never what was typed behind it: there may be a secret.
 */
function usageError(complaint: string, argv: readonly string[], self: string): TableferryError {
  const text = complaint.replace(/^error: /, "").trim();
  const hint = /\(Did you mean ([^)]*)\?\)/.exec(text)?.[1];
  const words = argv.filter((word) => !word.startsWith("-"));
  const named = [...commandTable.map((row) => row.path), ...Object.keys(groups)].find(
    (path) => words.slice(0, path.split(" ").length).join(" ") === path,
  );
  const command = named === undefined ? self : `${self} ${named}`;
  const nearest =
    hint === undefined
      ? ""
      : `Did you mean ${hint
          .replace(/^one of /, "")
          .split(", ")
          .map((word) => `\`${word}\``)
          .join(" or ")}? `;
  return new TableferryError("TF_USAGE", {
    message: text.replace(/\s*\(Did you mean [^)]*\)/, "").replace(/\.$/, ""),
    place: command,
    wayOut: `${nearest}See \`${command} --help\`.`,
  });
}

function afterHelp(self: string): string {
  const codes = Object.entries(exitCodes).map(
    ([name, code]) => `  ${String(code).padStart(3)}  ${exitMeanings[name as keyof typeof exitCodes]}`,
  );
  return `
Begin here (each command has examples of its own under --help):
  $ ${self} serve --instance local      an embedded Table Store on this machine
  $ ${self} plan job.yaml               what a job would do
  $ ${self} migrate job.yaml            copy, prove, certify; run again to resume
  $ ${self} explain job.yaml key=value  one row on both sides

Exit codes:
${codes.join("\n")}`;
}
