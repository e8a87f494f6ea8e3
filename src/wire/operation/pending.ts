import { TableferryError } from "../../base/error.ts";
import type { Operation } from "./operation.ts";

/** Placeholder while the codecs are being written. */
export function pending<Request, Response>(name: string, kind: "read" | "write"): Operation<Request, Response> {
  const fail = (): never => {
    throw new TableferryError("TF_INTERNAL", { message: `${name} has no codec yet` });
  };
  return { name, kind, encodeRequest: fail, decodeRequest: fail, encodeResponse: fail, decodeResponse: fail };
}
