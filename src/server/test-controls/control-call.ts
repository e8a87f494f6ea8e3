import { isAbsolute } from "node:path";
import { TableferryError } from "../../base/error.ts";
import type { SnapshotSize } from "../../store/snapshot-file.ts";
import type { TableStore } from "../../store/table-store.ts";
import type { TemporaryKey, TemporaryKeyOptions } from "../temporary-key.ts";
import type { FaultRule } from "./fault-rule.ts";
import { parseFaultRules } from "./parse-fault-rules.ts";
import type { TestControls } from "./test-controls.ts";

/** Administration calls for tests, refused unless the server was started with test controls. */
export type ControlRequest =
  /** Puts the store's time ahead; answers `{ now }`, milliseconds since 1970, when all that fell due was begun. */
  | { readonly op: "advanceClock"; readonly ms: number }
  /** Puts rules in the place of all others; answers `{ rules }`, how many are set. */
  | { readonly op: "setFaults"; readonly rules: readonly FaultRule[]; readonly seed?: number | undefined }
  /** Answers `{ faults: [{ rule, struck }] }`. */
  | { readonly op: "listFaults" }
  | { readonly op: "clearFaults" }
  /** Writes all instances, tables and rows to a file of the server's machine, named by its absolute path; answers `{ entries, bytes }`. */
  | { readonly op: "snapshot"; readonly path: string }
  /** Puts what such a file holds in the place of everything there is; answers the same. */
  | { readonly op: "restore"; readonly path: string }
  /** Makes a key with a security token; answers `{ id, secret, token, expiresAt }`, the last in milliseconds since 1970. */
  | ({ readonly op: "temporaryKey" } & TemporaryKeyOptions);

/** What of a server the calls are about. */
export interface ControlledServer {
  readonly store: TableStore;
  restore(path: string): Promise<SnapshotSize>;
  temporaryKey(options: TemporaryKeyOptions): TemporaryKey;
}

const ops: readonly unknown[] = [
  "advanceClock",
  "setFaults",
  "listFaults",
  "clearFaults",
  "snapshot",
  "restore",
  "temporaryKey",
] satisfies ControlRequest["op"][];

export function isControlOp(op: unknown): op is ControlRequest["op"] {
  return ops.includes(op);
}

/** @throws TF_ADMIN_INVALID, TF_FAULT_INVALID */
export function parseControlRequest(op: ControlRequest["op"], content: object): ControlRequest {
  switch (op) {
    case "advanceClock":
      return { op, ms: wholeNumber(op, "ms" in content ? content.ms : undefined) };
    case "setFaults": {
      const seed = "seed" in content ? wholeNumber(op, content.seed) : undefined;
      return { op, rules: parseFaultRules("rules" in content ? content.rules : undefined), seed };
    }
    case "listFaults":
    case "clearFaults":
      return { op };
    case "snapshot":
    case "restore": {
      const path = "path" in content ? content.path : undefined;
      if (typeof path === "string" && isAbsolute(path)) return { op, path };
      throw new TableferryError("TF_ADMIN_INVALID", { message: `${op} needs an absolute path`, place: op });
    }
    case "temporaryKey": {
      const instance = "instance" in content && typeof content.instance === "string" ? content.instance : undefined;
      return { op, seconds: wholeNumber(op, "seconds" in content ? content.seconds : undefined), instance };
    }
  }
}

/** Does what is asked, where that is allowed. @throws TF_CONTROLS_OFF, TF_FAULT_INVALID, TF_IO, what a restore throws */
export async function runControl(request: ControlRequest, controls: TestControls | undefined, server: ControlledServer): Promise<object> {
  if (controls?.remote !== true) {
    throw new TableferryError("TF_CONTROLS_OFF", {
      message: `${request.op} is a test control, and this server has none`,
      place: request.op,
    });
  }
  const { clock, faults } = controls;
  switch (request.op) {
    case "advanceClock":
      await clock.advance(request.ms);
      return { now: clock.now() };
    case "setFaults":
      faults.set(request.rules, request.seed);
      return { rules: request.rules.length };
    case "listFaults":
      return { faults: faults.counts };
    case "clearFaults":
      faults.clear();
      return {};
    case "snapshot":
      return server.store.snapshot(request.path);
    case "restore":
      return server.restore(request.path);
    case "temporaryKey":
      return server.temporaryKey(request);
  }
}

function wholeNumber(op: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TableferryError("TF_ADMIN_INVALID", { message: `${op} needs a whole number from 0`, place: op });
}
