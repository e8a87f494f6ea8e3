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
  TF_USAGE: "The command line makes no sense as it stands. See `--help` of the command.",
  TF_KEY_INVALID: "A key on the command line does not fit the table. Write one `column=value` a key column.",
  TF_ROW_INVALID: "A row given as JSON cannot be written. Give every key column with its type, and values that a cell can hold.",
  TF_ROW_MISSING: "There is no row with this key. Look at what is there with `tableferry table scan`.",
  TF_NODE_TOO_OLD: "tableferry needs Node 22.18 or newer. Install a newer one, e.g. `npm install node@24` in your folder.",
  TF_STACK_LOCKED: "A Pulumi stack is held by a process that lives, or may live. Wait for it or stop it, then unlock.",
  TF_PULUMI_FAILED: "The Pulumi CLI failed. Its own message is quoted; correct what it names and run again.",
  // --- job specification
  TF_SPEC_INVALID: "The job specification has an unknown or wrong field. Correct the field named.",
  TF_MAPPING_INVALID: "The mapping module cannot be loaded or compiled. Correct the rule named.",
  TF_CREDENTIALS_MISSING: "No credentials were found for an endpoint. Set the variables or the file the reference names.",
  // --- wire
  TF_WIRE_CORRUPT: "Bytes that are not a valid message. The offset is named; usually a truncated or foreign body.",
  TF_VALUE_INVALID:
    "A value that Table Store cannot hold: half a surrogate pair, or an integer beyond 64 bits. Correct the value or the mapping.",
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
  TF_SERVER_START: "The embedded server did not start. The message quotes its log; correct what it names and run again.",
  TF_TABLE_THERE: "The table is there already, and is not as declared. Declare it as it is, name another table, or adopt it.",
  TF_ADMIN_INVALID: "The administration call is not understood. Use the same version of tableferry on both sides.",
  TF_PARTITION_WHOLE: "The partition cannot be split there. Name a key within it, or write rows of other partition keys first.",
  TF_CONTROLS_OFF:
    "Test controls are off unless the server is started with them: `tableferry serve --test-controls`, or `startTableStore({ testControls: true })`.",
  TF_POLICY_INVALID: "An access policy makes no sense, or says what the embedded store does not know. Correct the field named.",
  TF_FAULT_INVALID: "A fault rule makes no sense. Correct the field named; docs/testing.md lists them.",
  TF_STORE_NOT_EMPTY: "A snapshot is restored only into an empty store. Name a new folder, or leave the snapshot out.",
  TF_SNAPSHOT_CORRUPT: "The file is no snapshot, or a damaged one. Nothing was restored; take it again, or restore the file from a copy.",
  TF_SNAPSHOT_NEWER: "The snapshot was written by a newer version. Use that version of tableferry, or take it again with this one.",
  TF_STORE_NEWER: "The data folder was written by a newer version. Use that version of tableferry, or name another folder.",
  // --- sources and targets
  TF_SOURCE_MISSING: "What should be read is not there. Check the name, and that the credentials see the right instance.",
  TF_SOURCE_FORMAT:
    "The file's structure cannot be followed. Correct it at the place named, or correct `format`, `header` and `delimiter`.",
  TF_SOURCE_COLUMN_MISSING: "A column that the specification names is not in the source. Correct the name, or the file's header.",
  TF_TARGET_MISSING: "The target table is not there. Create it, or say under `create` with which primary key it shall be made.",
  TF_TARGET_SCHEMA: "The target cannot hold the rows as mapped. Change the mapping, or the target.",
  TF_TARGET_NOT_EMPTY: "The target holds rows already. Empty it, or set `onTargetNotEmpty` to `merge` or `mirror`.",
  TF_TARGET_AUTO_INCREMENT: "A key column of the target has AUTO_INCREMENT. Make the target with a plain integer there.",
  TF_TARGET_CHANGED: "What an earlier run wrote to the target was removed or changed. Start the job anew, from the beginning.",
  // --- runs
  TF_STOPPED: "The run was stopped at a checkpoint. Run the same job again to go on from there.",
  TF_FENCED: "Another run has taken the job over; this one wrote nothing after that. `tableferry status` shows the other run.",
  TF_SYNC_NO_WORKER: "No worker of the sync is alive. Start one with `tableferry sync run`.",
  TF_SYNC_OTHER:
    "The state of this name belongs to another sync: other tables, part or versions. Give this one a name of its own, or forget the other.",
  TF_TWO_WAY: "The tables or the mapping do not allow changes to go both ways. The message says why; docs/two-way.md lists what is needed.",
  TF_MAPPING_CHANGED:
    "The mapping changed since the sync began. Say what that means for rows that are there: `onMappingChange: recopy` or `fromNow`.",
  TF_SCHEMA_DRIFT:
    "The source's rows changed their shape, and the job says to stop then. Look at them, then set `drift` to `follow` or adapt the mapping.",
  TF_CUT_OVER_REFUSED: "The cut-over is refused: what is not in order is named. Put it in order, then try again; nothing was changed.",
  TF_CUT_OVER_RETREATED:
    "The cut-over took too long or failed on the way: the side that was open before is open again, and nothing else changed. See the reason, then try again.",
  TF_HOOK_FAILED: "A command that the job names failed. Its last words are quoted; run it by hand to see why.",
  TF_CHANGES_EXPIRED:
    "Changes expired before they were read, so the target can no longer be brought up by replaying. Copy once more: run the sync with `--again`.",
  TF_TUNNEL_MISSING:
    "The tunnel is not there: it was deleted, or its table was. What it had not handed out is lost to it, so copy once more: run the sync with `--again`.",
  TF_TUNNEL_THERE: "A tunnel of this name is there already, and is of another type. Name another tunnel, or delete that one.",
  TF_RUN_HELD: "Another run holds the job and is alive. Wait for it, or stop it and run again.",
  TF_INCARNATION: "The source or target was deleted and made anew since the job began. Forget the job, then run it from the beginning.",
  TF_REJECTS: "More rows were rejected than the job allows. Correct the rows or the mapping and run again, or raise `rejects.allowed`.",
  TF_DIFFERENT: "Verification found that source and target differ. The differences are listed; correct the cause and run again.",
  TF_MIRROR: "Rows of the target would be deleted, and that cannot be done safely now. The message says why.",
  TF_WRITE_FAILED: "The target kept refusing rows for now. Run again to go on from the last checkpoint, perhaps with lower limits.",
  TF_STATE_LOCKED: "Another process uses the job's state file. Wait for it, or stop it and run again.",
  TF_STATE_CORRUPT: "The job's state cannot be read. Restore it, or forget the job and run it from the beginning.",
  TF_SIGNING_KEY:
    "The key for certificates is no Ed25519 key. Name a PEM file with one under `verify.signingKey`, or leave that out to have one made.",
} as const;

export type ErrorCode = keyof typeof errorCodes;
