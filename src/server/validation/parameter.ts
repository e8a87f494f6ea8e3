import { ServiceError } from "../../wire/service-error.ts";

/** Refuses a request with one of the service's texts (reference 7.9). */
export function invalidParameter(text: string): never {
  throw new ServiceError(400, "OTSParameterInvalid", text);
}

/** Refuses a key that does not fit the table's schema. */
export function invalidKey(text: string): never {
  throw new ServiceError(400, "OTSInvalidPK", text);
}
