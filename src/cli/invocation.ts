import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

export type OptionValue = string | number | boolean | readonly string[] | undefined;

/** What a command is started with besides its own arguments. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute folder where the user stands. */
  readonly folder: string;
  readonly clock: Clock;
  /** Listens to SIGINT and SIGTERM until the returned function is called. */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Ends the process at once. */
  exit(code: ExitCode): void;
}

/** One command being run: its arguments and options as read, and where it may speak. */
export class Invocation {
  readonly surroundings: Surroundings;
  readonly args: readonly string[];
  /** How the user started us, to be used in every command we suggest: `tableferry`, or `npm run tableferry --`. */
  readonly self: string;
  readonly #options: Readonly<Record<string, OptionValue>>;

  constructor(surroundings: Surroundings, args: readonly string[], options: Readonly<Record<string, OptionValue>>) {
    this.surroundings = surroundings;
    this.args = args;
    this.self = selfName(surroundings.env);
    this.#options = options;
  }

  get terminal(): Terminal {
    return this.surroundings.terminal;
  }

  get json(): boolean {
    return this.flag("json");
  }

  get quiet(): boolean {
    return this.flag("quiet");
  }

  /** A positional argument that the command table declares as required. */
  arg(index: number): string {
    const value = this.args[index];
    assert(value !== undefined, `argument ${index} to be required in the command table`);
    return value;
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === "string" ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#options[name];
    return typeof value === "number" ? value : undefined;
  }

  list(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? value : [];
  }

  /** The result: one JSON document for machines, lines for people, nothing when quiet. */
  async reply(document: unknown, lines: () => readonly string[]): Promise<void> {
    if (this.json) await this.terminal.out(`${JSON.stringify(document)}\n`);
    else if (!this.quiet)
      await this.terminal.out(
        lines()
          .map((line) => `${line}\n`)
          .join(""),
      );
  }

  /** A remark beside the result: on standard error, so that output stays clean for pipes. */
  note(line: string): void {
    if (!this.quiet && !this.json) this.terminal.err(`${line}\n`);
  }
}

/** Every command that we print must work as printed: a clone has no `tableferry` on its PATH. */
export function selfName(env: Readonly<Record<string, string | undefined>>): string {
  if (env["npm_lifecycle_event"] === "tableferry") return "npm run tableferry --";
  return env["npm_lifecycle_event"] === "npx" ? "npx tableferry" : "tableferry";
}

export interface Command {
  run(invocation: Invocation): Promise<ExitCode>;
}
