import { bytes, integer, message, optional, text } from "../message.ts";

/** GetRpo and GetRpoByOffset share their messages (reference 5.1). */
export interface RpoRequest {
  readonly tunnelId?: string | undefined;
  readonly limit?: number | undefined;
}

export interface RpoResponse {
  /** JSON text as bytes; `{}` at least, since the Go client fails on empty bytes. */
  readonly rpoInfos?: Uint8Array | undefined;
  readonly tunnelRpoInfos?: Uint8Array | undefined;
  readonly tunnelId?: string | undefined;
}

export const rpoRequest = message<RpoRequest>({ tunnelId: optional(1, text), limit: optional(2, integer) });
export const rpoResponse = message<RpoResponse>({
  rpoInfos: optional(1, bytes),
  tunnelRpoInfos: optional(2, bytes),
  tunnelId: optional(3, text),
});
