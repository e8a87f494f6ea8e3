import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { Operation } from "../../../../src/wire/operation/operation.ts";

/**
 * One message said twice: as the model has it and as the generated code (the referee) has it, every field filled. Strings
 * that begin with `~` stand for any text; the others are words of an enum. Numbers, bytes and booleans stand for any.
 */
export interface Sample<Value, Desc extends DescMessage> {
  readonly schema: Desc;
  readonly model: Value;
  readonly wire: MessageInitShape<Desc>;
  /** The message with nothing but its required fields. */
  readonly minimal: Value;
}

/**
 * A sample with its types folded into functions, so that samples of all messages fit into one list. Encoded bytes are plain
 * arrays: what is decoded from them is compared with plain arrays.
 */
export interface MessageCase {
  readonly title: string;
  readonly schema: DescMessage;
  readonly wire: MessageInitShape<DescMessage>;
  readonly model: unknown;
  readonly minimal: unknown;
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

export function sample<Request, Response, RequestDesc extends DescMessage, ResponseDesc extends DescMessage>(
  operation: Operation<Request, Response>,
  request: Sample<Request, RequestDesc>,
  response: Sample<Response, ResponseDesc>,
): readonly MessageCase[] {
  return [
    {
      ...request,
      title: `${operation.name} request`,
      encode: (value) => new Uint8Array(operation.encodeRequest(value as Request)),
      decode: (bytes) => operation.decodeRequest(bytes),
    },
    {
      ...response,
      title: `${operation.name} response`,
      encode: (value) => new Uint8Array(operation.encodeResponse(value as Response)),
      decode: (bytes) => operation.decodeResponse(bytes),
    },
  ];
}

/** Recognisable bytes. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
