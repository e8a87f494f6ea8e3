import { ServiceError } from "../../wire/service-error.ts";

/**
 * The tunnel service's refusals (reference 1.8, 5.8). Codes, status and the words `tunnel not exist` and `OTSTrimmedDataAccess …` are the service's;
 * the other texts are not known. None carries a tunnel id: the Java client could not read it.
 */
export const refusal = {
  parameter: (text: string) => new ServiceError(400, "OTSParameterInvalid", text),
  token: () => new ServiceError(400, "OTSParameterInvalid", "Invalid token of channel."),
  tunnelExists: (name: string) => new ServiceError(409, "OTSTunnelExist", `Requested tunnel already exists: ${name}.`),
  /** Terraform looks for these words. */
  tunnelMissing: (name: string) => new ServiceError(400, "OTSParameterInvalid", `tunnel not exist: ${name}.`),
  tableMissing: () => new ServiceError(400, "OTSParameterInvalid", "Requested table does not exist."),
  /** Who gets this connects again and is another client then. */
  clientGone: () => new ServiceError(410, "OTSResourceGone", "The client is not connected, or its session has timed out."),
  /** That this case has the same code is unverified; clients take any error as the end of the channel. */
  channelGone: () => new ServiceError(410, "OTSResourceGone", "The channel is not held by this client."),
  sequence: (expected: number) =>
    new ServiceError(400, "OTSSequenceNumberNotMatch", `The sequence number does not match, expected: ${expected}.`),
  /** Who gets this gives up. */
  expired: () =>
    new ServiceError(400, "OTSTunnelExpired", "The tunnel is expired: its stream was switched off, or changes are not retained any more."),
  trimmed: () =>
    new ServiceError(400, "OTSTunnelServerUnavailable", "OTSTrimmedDataAccess Requested stream data is already trimmed or does not exist."),
  busy: () => new ServiceError(503, "OTSTunnelServerUnavailable", "Server is busy."),
};
