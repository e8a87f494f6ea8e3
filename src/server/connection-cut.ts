import { TableferryError } from "../base/error.ts";

/** Ends an exchange without an answer, as a network does: the listener cuts the connection, in process the call is rejected. */
export class ConnectionCut extends TableferryError {
  /** Body of the reply that was under way; half of it reaches the client. */
  readonly reply: Uint8Array | undefined;

  constructor({ reply, cause }: { readonly reply?: Uint8Array | undefined; readonly cause?: unknown } = {}) {
    super("TF_CONNECTION", { message: "a fault rule cut the connection", cause });
    this.reply = reply;
  }
}
