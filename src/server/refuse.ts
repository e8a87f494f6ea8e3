import { TableferryError } from "../base/error.ts";
import { WireCorrupt, type CorruptLayer } from "../wire/corrupt.ts";
import { ServiceError } from "../wire/service-error.ts";

/** The service's texts for bytes that are no request (reference 7.9); the two checksums it goes on to name are not told. */
const corruptTexts: Readonly<Record<CorruptLayer, string>> = {
  message: "Parse PBMessage from RawString failed.",
  row: "data format is invalid.",
  checksum: "Cell data broken, checksum is mismatch.",
  filter: "Deserialize filter failed.",
  value: "data format is invalid.",
};

/**
 * What is answered for whatever was thrown. Only what the service would say reaches the caller; `unexpected` is true for everything that is
 * the server's own trouble and belongs into its log.
 */
export function refusalFor(thrown: unknown): { readonly refusal: ServiceError; readonly unexpected: boolean } {
  if (thrown instanceof ServiceError) return { refusal: thrown, unexpected: false };
  if (thrown instanceof WireCorrupt) {
    return { refusal: new ServiceError(400, "OTSParameterInvalid", corruptTexts[thrown.layer]), unexpected: false };
  }
  if (thrown instanceof TableferryError && thrown.code.startsWith("TF_STORE_")) {
    return { refusal: new ServiceError(503, "OTSServerUnavailable", "Server is not available."), unexpected: true };
  }
  return { refusal: new ServiceError(500, "OTSInternalServerError", "Internal server error."), unexpected: true };
}
