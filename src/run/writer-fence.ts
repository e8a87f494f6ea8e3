import { spawn } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { TableferryError } from "../base/error.ts";
import { resolveCredentials } from "../client/credentials.ts";
import { StoreAdmin } from "../client/store-admin.ts";
import type { CutOverSpec, SyncSpec } from "../job/sync-spec.ts";
import type { WriterFence } from "../sync/cut-over/cut-over.ts";
import type { SyncContext } from "./sync-context.ts";

/** Milliseconds a hook may take. */
const hookMs = 60_000;
/** Of a change to a policy that others change too; of so many at once, one at least comes through in each round. */
const triesMax = 1000;

/** How the job keeps writers from a side. */
export function writerFence(spec: SyncSpec, { fence }: CutOverSpec, context: SyncContext): WriterFence {
  if (fence === "policy") return new PolicyFence(spec, context);
  return {
    close: (side) => runHook([...fence.close, side], context),
    open: (side) => runHook([...fence.open, side], context),
  };
}

interface Statement {
  readonly Effect: "Deny";
  readonly NotPrincipal: readonly string[];
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** A statement in the instance's access policy that denies writes of one table to everybody but the keys of this job; other statements stay. */
class PolicyFence implements WriterFence {
  readonly #spec: SyncSpec;
  readonly #context: SyncContext;

  constructor(spec: SyncSpec, context: SyncContext) {
    this.#spec = spec;
    this.#context = context;
  }

  close(side: "source" | "target"): Promise<void> {
    return this.#change(side, (statements, ours) => [...statements.filter((one) => !isDeepStrictEqual(one, ours)), ours]);
  }

  open(side: "source" | "target"): Promise<void> {
    return this.#change(side, (statements, ours) => statements.filter((one) => !isDeepStrictEqual(one, ours)));
  }

  async #change(side: "source" | "target", change: (statements: readonly unknown[], ours: Statement) => readonly unknown[]): Promise<void> {
    const { folder, env } = this.#context;
    const place = this.#spec[side];
    const credentials = await resolveCredentials(place.credentials, folder, env);
    const admin = new StoreAdmin(place.endpoint, credentials, 5000);
    try {
      const ours = await this.#statement(side);
      for (let tries = 0; tries < triesMax; tries++) {
        const now = (await admin.policy(place.instance)) as { readonly Statement?: readonly unknown[] } | null;
        const statements = change(now?.Statement ?? [], ours);
        const policy = statements.length === 0 ? null : { Version: "1", Statement: statements };
        // Other tables of the instance may be moved at the same time, and each adds a statement of its own.
        if (await admin.setPolicy(place.instance, policy, now)) return;
      }
      throw new TableferryError("TF_TIMEOUT", { message: "its access policy is changed by others all the time", place: place.instance });
    } finally {
      await admin.close();
    }
  }

  async #statement(side: "source" | "target"): Promise<Statement> {
    const { folder, env } = this.#context;
    const keys = await Promise.all(
      [this.#spec.source, this.#spec.target].map(async ({ credentials }) => await (await resolveCredentials(credentials, folder, env))()),
    );
    const { instance, table } = this.#spec[side];
    return {
      Effect: "Deny",
      NotPrincipal: [...new Set(keys.map(({ id }) => id))],
      Action: [
        "ots:PutRow",
        "ots:UpdateRow",
        "ots:DeleteRow",
        "ots:BatchWriteRow",
        "ots:BulkImport",
        "ots:StartLocalTransaction",
        "ots:CommitTransaction",
      ],
      Resource: [`acs:ots:*:*:instance/${instance}/table/${table}`],
    };
  }
}

/** @throws TF_HOOK_FAILED with the command's last words */
function runHook(command: readonly string[], { folder, env, clock }: SyncContext): Promise<void> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const failed = (why: string) =>
      reject(new TableferryError("TF_HOOK_FAILED", { message: `${command.join(" ")} ${why}`, place: program }));
    const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let words = "";
    const hear = (chunk: Buffer) => void (words = (words + chunk.toString()).slice(-2000));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const cancel = clock.after(hookMs, () => child.kill("SIGKILL"));
    child.once("error", (error) => failed(`cannot be run: ${error.message}`));
    child.once("close", (code, signal) => {
      cancel();
      if (code === 0) resolve();
      else failed(`ended with ${code ?? signal}: ${words.trim()}`);
    });
  });
}
