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
  TF_PULUMI_CLI: "There is no usable Pulumi CLI and none can be got. Install one, or Go, or connect to the internet.",
  // --- job specification
  TF_SPEC_INVALID: "The job specification has an unknown or wrong field. Correct the field named.",
  TF_MAPPING_INVALID: "The mapping module cannot be loaded or compiled. Correct the rule named.",
  TF_CREDENTIALS_MISSING: "No credentials were found for an endpoint. Set the variables or the file the reference names.",
  // --- wire
  TF_WIRE_CORRUPT: "Bytes that are not a valid message. The offset is named; usually a truncated or foreign body.",
  TF_VALUE_INVALID: "A value that Table Store cannot hold: half a surrogate pair, or an integer beyond 64 bits. Correct the value or the mapping.",
  TF_RESPONSE_UNTRUSTED: "A response's signature or checksum does not match. Check the endpoint and the secret.",
  TF_CONNECTION: "The endpoint did not answer. Check that the server runs and the address is right.",
  // --- embedded store
  TF_STORE_LOCKED: "Another process uses this data folder. Stop the other server, or name another folder.",
  TF_STORE_FULL: "The disk is full. Free space and start the server again; everything acknowledged is kept.",
  TF_STORE_UNWRITABLE: "The data folder cannot be written. Correct its permissions, or name another folder.",
  TF_STORE_CORRUPT: "The data folder is damaged. Restore it from a copy, or name another folder and load again.",
  TF_INSTANCE_NOT_EMPTY: "The instance has tables. Delete them first, or ask for them to be dropped with it.",
  TF_INSTANCE_INVALID: "An instance name has 3 to 16 letters, digits and hyphens, starts with a letter and does not end with a hyphen.",
  TF_ADDRESS_IN_USE: "The server's address cannot be used. Stop what listens there, or name another host or port.",
  TF_ADMIN_INVALID: "The administration call is not understood. Use the same version of tableferry on both sides.",
  TF_STORE_NEWER: "The data folder was written by a newer version. Use that version of tableferry, or name another folder.",
} as const;

export type ErrorCode = keyof typeof errorCodes;
