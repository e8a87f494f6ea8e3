/**
 * One operation of the service: its name is the path, and both directions of both messages stand beside each other in
 * one file of this folder, named for the operation. `Request` and `Response` are model types, not protobuf messages.
 */
export interface Operation<Request, Response> {
  /** Path without the leading slash, e.g. `GetRow`, `tunnel/create`. */
  readonly name: string;
  /** `read`: may be retried after any lost answer. `write`: only when the service says that it did nothing (reference 1.9). */
  readonly kind: "read" | "write";
  encodeRequest(request: Request): Uint8Array;
  /** @throws TF_WIRE_CORRUPT with the offset; ServiceError where the service has a text for it. */
  decodeRequest(body: Uint8Array): Request;
  encodeResponse(response: Response): Uint8Array;
  decodeResponse(body: Uint8Array): Response;
}
