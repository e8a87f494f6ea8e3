import { TableferryError } from "../base/error.ts";
import type { PolicyDocument } from "./instance-policy.ts";
import { isControlOp, parseControlRequest, type ControlRequest } from "./test-controls/control-call.ts";

/** Where administration calls go; signed with the root key like any other request, JSON in and out. */
export const ADMIN_PATH = "/tableferry/admin";

/** Answers the body of an administration call. */
export type Administer = (body: Uint8Array) => Promise<Uint8Array>;

/** What an administration call asks for. */
export type AdminRequest =
  | { readonly op: "ping" }
  /** `ownKey`: make a key that opens this instance only, and answer it. */
  | { readonly op: "createInstance"; readonly name: string; readonly ownKey?: boolean | undefined }
  /** `force`: with its tables and their rows. */
  | { readonly op: "dropInstance"; readonly name: string; readonly force?: boolean | undefined }
  /** Splits a partition before a partition key, or the largest in its middle. A binary key in base64, an integer in decimal digits. */
  | { readonly op: "splitPartition"; readonly instance: string; readonly table: string; readonly key?: string | undefined }
  /**
   * Puts a policy in the place of the instance's; null: none. Answers once it holds for every request to come and is durable. `expected`: only in the place
   * of this one, as `getPolicy` answered it, so that of two who add a statement each neither takes the other's away.
   */
  | { readonly op: "setPolicy"; readonly instance: string; readonly policy: unknown; readonly expected?: unknown }
  | { readonly op: "getPolicy"; readonly instance: string }
  /** Answers first, then stops the server as its owner would. */
  | { readonly op: "shutdown" }
  | ControlRequest;

/** Who answers: the store is the one looked for when the id is the same, whatever the process. */
export interface PingReply {
  readonly storeId: string;
  readonly version: string;
  readonly pid: number;
  /** As the server was given it; null in memory. */
  readonly dataDir: string | null;
  readonly instances: readonly string[];
}

export interface InstanceReply {
  readonly name: string;
  /** True: it was not there before. */
  readonly created?: boolean | undefined;
  /** True: it was there before. */
  readonly dropped?: boolean | undefined;
  readonly key?: { readonly id: string; readonly secret: string } | undefined;
}

export interface PartitionsReply {
  readonly table: string;
  /** How many there are now. */
  readonly partitions: number;
}

export interface PolicyReply {
  readonly instance: string;
  /** Of `setPolicy`: false where another one stood than was expected, and stays. */
  readonly changed?: boolean | undefined;
  readonly policy: PolicyDocument | null;
}

export interface AdminActions {
  ping(): PingReply;
  createInstance(name: string, ownKey: boolean): Promise<InstanceReply>;
  dropInstance(name: string, force: boolean): Promise<InstanceReply>;
  splitPartition(instance: string, table: string, key: string | undefined): Promise<PartitionsReply>;
  /** @throws TF_POLICY_INVALID, OTSAuthFailed for an unknown instance */
  setPolicy(instance: string, policy: unknown, expected: unknown): Promise<PolicyReply>;
  getPolicy(instance: string): PolicyReply;
  shutdown(): void;
  /** @throws TF_CONTROLS_OFF */
  control(request: ControlRequest): Promise<object>;
}

/**
 * The administration calls as bytes. A call that fails answers `{ "error": { "code", "message", "wayOut" } }` with a code of tableferry's own, since
 * the service has no such calls and no words for them.
 */
export function administer(actions: AdminActions): Administer {
  return async (body) => {
    try {
      return jsonBytes(await run(parseAdminRequest(body), actions));
    } catch (thrown) {
      if (!(thrown instanceof TableferryError)) throw thrown;
      return jsonBytes({ error: { code: thrown.code, message: thrown.sentence, wayOut: thrown.wayOut } });
    }
  };
}

function run(request: AdminRequest, actions: AdminActions): object | Promise<object> {
  switch (request.op) {
    case "ping":
      return actions.ping();
    case "createInstance":
      return actions.createInstance(request.name, request.ownKey === true);
    case "dropInstance":
      return actions.dropInstance(request.name, request.force === true);
    case "splitPartition":
      return actions.splitPartition(request.instance, request.table, request.key);
    case "setPolicy":
      return actions.setPolicy(request.instance, request.policy, request.expected);
    case "getPolicy":
      return actions.getPolicy(request.instance);
    case "shutdown":
      actions.shutdown();
      return {};
    default:
      return actions.control(request);
  }
}

/** @throws TF_ADMIN_INVALID */
function parseAdminRequest(body: Uint8Array): AdminRequest {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(body).toString());
  } catch {
    content = undefined;
  }
  if (typeof content !== "object" || content === null || !("op" in content)) return invalid("the body is not a JSON object with an op");
  const { op } = content;
  if (op === "ping" || op === "shutdown") return { op };
  if (op === "splitPartition") return splitRequest(content);
  if (op === "setPolicy" || op === "getPolicy") return policyRequest(op, content);
  if (isControlOp(op)) return parseControlRequest(op, content);
  if (op !== "createInstance" && op !== "dropInstance") return invalid(`the op ${JSON.stringify(op)} is not known`);
  if (!("name" in content) || typeof content.name !== "string") return invalid(`${op} needs a name`);
  const { name } = content;
  if (op === "createInstance") return { op, name, ownKey: "ownKey" in content && content.ownKey === true };
  return { op, name, force: "force" in content && content.force === true };
}

function splitRequest(content: object): AdminRequest {
  const { instance, table, key }: { readonly [Field in "instance" | "table" | "key"]?: unknown } = content;
  if (typeof instance !== "string" || typeof table !== "string") return invalid("splitPartition needs an instance and a table");
  if (key !== undefined && typeof key !== "string") return invalid("the key of splitPartition is text");
  return { op: "splitPartition", instance, table, key };
}

function policyRequest(op: "setPolicy" | "getPolicy", content: object): AdminRequest {
  const { instance, policy, expected }: { readonly instance?: unknown; readonly policy?: unknown; readonly expected?: unknown } = content;
  if (typeof instance !== "string") return invalid(`${op} needs an instance`);
  return op === "getPolicy" ? { op, instance } : { op, instance, policy: policy ?? null, expected };
}

function invalid(message: string): never {
  throw new TableferryError("TF_ADMIN_INVALID", { message, place: ADMIN_PATH });
}

function jsonBytes(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
