import { fstatSync, readFileSync, readlinkSync } from "node:fs";
import { createRequire } from "node:module";
import type { IEngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type * as messages from "@pulumi/pulumi/proto/engine_pb.js";

/** The engine of this deployment, as a provider may speak to it. */
export interface EngineLink {
  /** A line that stays, on the resource's row and among the diagnostics. */
  say(urn: string, text: string): Promise<void>;
  warn(urn: string, text: string): Promise<void>;
  /** A passing line on the resource's row. */
  show(urn: string, text: string): Promise<void>;
  /** Aborted once the engine is gone: whatever is reported from then on reaches nobody. */
  readonly gone: AbortSignal;
  /** Whether passing lines replace each other; else every one of them becomes a line of output. */
  readonly terminal: boolean;
}

const UNAVAILABLE = 14;

/**
 * Connects to the engine, whose address is the last argument of the provider's process. Pulumi's own logging does not work in a
 * dynamic provider, this does: on the row of a URN, passing or to stay.
 */
export function connectEngine(address: string): EngineLink {
  const load = createRequire(import.meta.url);
  const grpc: typeof import("@grpc/grpc-js") = load("@grpc/grpc-js");
  const pb: typeof messages = load("@pulumi/pulumi/proto/engine_pb.js");
  const { EngineClient }: typeof import("@pulumi/pulumi/proto/engine_grpc_pb.js") = load("@pulumi/pulumi/proto/engine_grpc_pb.js");
  const client: IEngineClient = new EngineClient(address, grpc.credentials.createInsecure());
  const gone = new AbortController();
  // The engine holds the other end of our stdin and writes nothing to it: its end is the first news of a killed engine.
  if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) {
    process.stdin
      .once("end", () => gone.abort())
      .once("error", () => gone.abort())
      .resume();
  }
  const log = (urn: string, text: string, severity: messages.LogSeverity, ephemeral: boolean) =>
    new Promise<void>((resolve) => {
      const request = new pb.LogRequest().setSeverity(severity).setMessage(text).setUrn(urn).setEphemeral(ephemeral);
      client.log(request, (error) => {
        if (error?.code === UNAVAILABLE) gone.abort();
        resolve();
      });
    });
  return {
    say: (urn, text) => log(urn, text, pb.LogSeverity.INFO, false),
    warn: (urn, text) => log(urn, text, pb.LogSeverity.WARNING, false),
    show: (urn, text) => log(urn, text, pb.LogSeverity.INFO, true),
    gone: gone.signal,
    terminal: writesToTerminal(process.ppid),
  };
}

/** For a provider without an engine (a test): lines go nowhere. */
export const noEngine: EngineLink = {
  say: () => Promise.resolve(),
  warn: () => Promise.resolve(),
  show: () => Promise.resolve(),
  gone: new AbortController().signal,
  terminal: false,
};

/** The engine does not say where its output goes; on Linux it can be seen. Elsewhere a machine of CI is told by its variable. */
function writesToTerminal(parent: number): boolean {
  try {
    for (let pid = parent, step = 0; pid > 1 && step < 4; step++) {
      const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
      if (stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")).startsWith("pulumi") && !stat.includes("(pulumi-resource")) {
        return /^\/dev\/(pts\/|tty)/.test(readlinkSync(`/proc/${String(pid)}/fd/1`));
      }
      pid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    }
  } catch {
    // No /proc, or a process that is not ours to look at.
  }
  return process.env["CI"] === undefined;
}
