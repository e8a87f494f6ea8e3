/**
 * Where client and server meet. A transport carries one signed exchange; the embedded server's handler *is* one, so an
 * in-process call, HTTP, fault injection, recording and simulation are of equal rank.
 */
export interface WireRequest {
  /** POST where it is left out, as everything is but some calls of the control plane. */
  readonly method?: string | undefined;
  /** Path with its leading slash, e.g. `/GetRow`; of the control plane with its query. */
  readonly path: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Called synchronously when the way is free, before the request's first byte leaves; throwing sends nothing (a fence, R2). */
  readonly beforeSend?: (() => void) | undefined;
}

export interface WireResponse {
  /** HTTP status. */
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Settles with whatever the other side answered, errors of the service included; rejects only when there is no answer
 * (TF_CONNECTION, TF_TIMEOUT) or with the signal's reason. A rejected write may have been applied all the same.
 */
export type Transport = (request: WireRequest, signal?: AbortSignal, room?: ResponseRoom) => Promise<WireResponse>;

/**
 * Memory for a reply's body, asked for at most once a try when its length is known; a hint that a transport may ignore. Pages of
 * 4 MB in fresh memory each cost a quarter of a scan's CPU in garbage collection.
 */
export type ResponseRoom = (length: number) => Uint8Array;
