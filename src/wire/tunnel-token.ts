import { bytes, long, message, optional, required, text } from "./message.ts";

/** Said instead of a token, in replies and checkpoints: the channel is read to its end. */
export const FINISHED = "finished";

/**
 * Where a channel is to be read on (reference 5.2). Clients echo it; they look into it only to see that a stream channel (non-empty `iterator`)
 * may be waited for and a base channel need not, and Go counts on in `totalCount`.
 */
export interface TunnelToken {
  /** Of base data: the encoded key of the next row. */
  readonly primaryKey?: Uint8Array | undefined;
  /** Of a stream channel: where to go on, in the server's own words. */
  readonly iterator?: string | undefined;
  /** Nanoseconds since 1970 up to which was read (unit unverified; no client is known to use it). */
  readonly timestamp?: bigint | undefined;
  /** Records read so far. */
  readonly totalCount?: bigint | undefined;
}

/** Version 1 lacks the count and is else the same, so that one reader serves both. */
const VERSION = 2n;

const envelope = message<{ readonly version: bigint; readonly content: Uint8Array }>({
  version: required(1, long),
  content: required(2, bytes),
});
const content = message<TunnelToken>({
  primaryKey: optional(1, bytes),
  iterator: optional(2, text),
  timestamp: optional(3, long),
  totalCount: optional(4, long),
});

export function encodeTunnelToken(token: TunnelToken): string {
  return Buffer.from(envelope.encode({ version: VERSION, content: content.encode(token) })).toString("base64");
}

/** @throws TF_WIRE_CORRUPT for what is no token, `finished` included */
export function decodeTunnelToken(token: string): TunnelToken {
  return content.decode(envelope.decode(Buffer.from(token, "base64")).content);
}
