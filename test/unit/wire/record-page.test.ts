import { describe, expect, test } from "vitest";
import { hasCode } from "../../../src/base/error.ts";
import { readRecordPage } from "../../../src/wire/operation/record-page.ts";
import type { StreamRecord } from "../../../src/wire/operation/stream-record.ts";
import { tunnelReadRecords } from "../../../src/wire/operation/tunnel-read-records.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const records: readonly StreamRecord[] = [
  { action: "put", record: bytesOf("put"), originRecord: bytesOf("old") },
  { action: "update", record: bytesOf("an update") },
  { action: "delete", record: bytesOf("x".repeat(300)), originRecord: bytesOf("y") },
];

describe("records left where they stand in a reply", () => {
  test.each([undefined, true, false])("say what the decoded reply says (more: %s)", (mayMoreRecord) => {
    const reply = tunnelReadRecords.encodeResponse({ records, nextToken: "next", mayMoreRecord });
    const page = readRecordPage.decodeResponse(reply);
    const found = records.map((_, at) => ({
      action: page.action(at),
      record: Buffer.from(page.body.subarray(page.start(at), page.end(at))).toString(),
      originRecord: page.origin(at) && Buffer.from(page.origin(at)!).toString(),
    }));
    expect(found).toEqual([
      { action: "put", record: "put", originRecord: "old" },
      { action: "update", record: "an update", originRecord: undefined },
      { action: "delete", record: "x".repeat(300), originRecord: "y" },
    ]);
    expect([page.count, page.recordBytes, page.nextToken, page.mayMoreRecord]).toEqual([3, 316, "next", mayMoreRecord]);
  });

  test("are asked for as ever", () => {
    const request = { tunnelId: "t", clientId: "c", channelId: "n", token: "k" };
    expect(readRecordPage.name).toBe("tunnel/readrecords");
    expect(readRecordPage.encodeRequest(request)).toEqual(tunnelReadRecords.encodeRequest(request));
  });

  test.each([
    ["a record without its bytes", "0a02" + "0801" + "1200"],
    ["a record without its action", "0a03" + "120161" + "1200"],
    ["an action that is none", "0a05" + "0807120161" + "1200"],
    ["no token", "0a05" + "0801120161"],
    ["a record that is cut off", "0a7f"],
  ])("are refused where they are none: %s", (_title, hex) => {
    const body = new Uint8Array(Buffer.from(hex, "hex"));
    expect(() => readRecordPage.decodeResponse(body)).toThrow(expect.toSatisfy((error) => hasCode(error, "TF_WIRE_CORRUPT")));
  });
});
