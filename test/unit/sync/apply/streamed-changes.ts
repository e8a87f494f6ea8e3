import type { SourceChange } from "../../../../src/connector/change.ts";
import { UndecodedPage } from "../../../../src/sync/tunnel/decode-page.ts";
import { readRecordPage } from "../../../../src/wire/operation/record-page.ts";
import type { StreamRecord } from "../../../../src/wire/operation/stream-record.ts";
import { tunnelReadRecords } from "../../../../src/wire/operation/tunnel-read-records.ts";

/** Records as the changes of a page of a tunnel. */
export function streamedChanges(records: readonly StreamRecord[]): readonly SourceChange[] {
  const reply = tunnelReadRecords.encodeResponse({ records, nextToken: "next" });
  return new UndecodedPage(readRecordPage.decodeResponse(reply), { more: false, askedAt: 0 }).changes;
}

/** What a change says, without what it came as. */
export function decodedChange({ type, key, cells, origin, committedAt }: SourceChange): SourceChange {
  return { type, key, cells, origin, committedAt };
}
