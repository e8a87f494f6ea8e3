import type { FaultRule } from "../../src/server/test-controls/fault-rule.ts";

/** What the program of an SDK says, one JSON object a line of its standard output. */
export type CaseLine =
  /** A case that was run; `failed` says why it did not pass. */
  | { readonly case: string; readonly ms: number; readonly failed?: string }
  /** A call that the embedded store does not have yet; `failed` says what it did in place of refusing. */
  | { readonly notYet: string; readonly failed?: string }
  /** A question, answered by one line of JSON on its standard input. */
  | Question;

/** What a program cannot do by its SDK and has done for it: administration of the server. */
export type Question =
  | { readonly ask: "splitPartition"; readonly table: string; readonly key?: string }
  /** A key with a security token. */
  | { readonly ask: "temporaryKey"; readonly seconds: number }
  /** What goes wrong from now on, in place of what did before. */
  | { readonly ask: "setFaults"; readonly rules: readonly FaultRule[] }
  /** Requests answered and their bytes as they went over the wire, since this was last asked. */
  | { readonly ask: "traffic" }
  /** Closes the server and serves the same folder again at the same address. */
  | { readonly ask: "restart" };

/** Undefined for anything else, which is an SDK's own talk. */
export function parseCaseLine(line: string): CaseLine | undefined {
  if (!line.startsWith("{")) return undefined;
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  const fields = said as Readonly<Record<string, unknown>>;
  const isCase = typeof fields["case"] === "string" && typeof fields["ms"] === "number";
  return isCase || typeof fields["notYet"] === "string" || typeof fields["ask"] === "string" ? (said as CaseLine) : undefined;
}
