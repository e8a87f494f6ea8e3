/**
 * The closed list of tableferry's own error codes: what happened, and the usual way out.
 * Codes are stable: scripts match on them, messages may improve. Errors of the service itself keep the
 * service's codes (`OTS…`, see wire/service-error.ts).
 */
export const errorCodes = {
  // --- programming and environment
  TF_INTERNAL: "A state that must not occur. Report it with the message and the position named.",
  TF_ABORTED: "The operation was asked to stop. Run it again to go on from the last checkpoint.",
  TF_TIMEOUT: "No answer within the deadline. Check that the endpoint is up and reachable, or raise the deadline.",
  TF_IO: "A file or folder could not be read or written. Check the path, its permissions and the free space.",
  // --- job specification
  TF_SPEC_INVALID: "The job specification has an unknown or wrong field. Correct the field named.",
  TF_MAPPING_INVALID: "The mapping module cannot be loaded or compiled. Correct the rule named.",
  TF_CREDENTIALS_MISSING: "No credentials were found for an endpoint. Set the variables or the file the reference names.",
  // --- wire
  TF_WIRE_CORRUPT: "Bytes that are not a valid message. The offset is named; usually a truncated or foreign body.",
  TF_RESPONSE_UNTRUSTED: "A response's signature or checksum does not match. Check the endpoint and the secret.",
  TF_CONNECTION: "The endpoint did not answer. Check that the server runs and the address is right.",
} as const;

export type ErrorCode = keyof typeof errorCodes;
