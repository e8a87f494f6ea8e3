import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../src/base/error.ts";
import { UnknownOutcome } from "../../../src/client/call.ts";
import { TransportError } from "../../../src/client/transport-error.ts";
import { listTable } from "../../../src/wire/operation/list-table.ts";
import { deleteTable } from "../../../src/wire/operation/delete-table.ts";
import { ServiceError } from "../../../src/wire/service-error.ts";
import { answers, hangs, refuses, scripted, settled, throws } from "./scripted-transport.ts";

const tables = answers(listTable.encodeResponse({ tableNames: ["a", "b"] }));
const empty = answers(new Uint8Array(0));
const lost = (sent: boolean) => throws(new TransportError("TF_CONNECTION", sent, { message: "lost" }));
const failureOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return { accepted: await call };
  } catch (error) {
    return error;
  }
};

describe("a call that is answered", () => {
  test("gives the decoded reply", async () => {
    const { caller } = scripted([tables]);
    expect(await caller.call(listTable, {})).toEqual({ tableNames: ["a", "b"] });
  });
  test("carries path, instance, key, checksum and signature", async () => {
    const { caller, requests } = scripted([tables]);
    await caller.call(listTable, {});
    expect(requests[0]).toMatchObject({
      path: "/ListTable",
      headers: {
        "x-ots-apiversion": "2015-12-31",
        "x-ots-instancename": "inst",
        "x-ots-accesskeyid": "ak",
        "x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "x-ots-date": "2023-11-14T22:13:20.000Z",
      },
    });
  });
  test("carries the token of a temporary key", async () => {
    const { caller, requests } = scripted([tables], { credentials: async () => ({ id: "ak", secret: "sk", token: "sts" }) });
    await caller.call(listTable, {});
    expect(requests[0]?.headers["x-ots-ststoken"]).toBe("sts");
  });
  test("throws the service's code, text, status and request id", async () => {
    const { caller } = scripted([refuses(404, "OTSObjectNotExist", "Requested table does not exist.")]);
    expect(await failureOf(caller.call(deleteTable, { tableName: "t" }))).toMatchObject({
      code: "OTSObjectNotExist",
      text: "Requested table does not exist.",
      status: 404,
      requestId: "0002-test",
    });
  });
});

describe("a reply that cannot be trusted", () => {
  const tampered = answers(listTable.encodeResponse({ tableNames: ["a"] }));
  test("is refused when its body was changed", async () => {
    const { caller } = scripted([
      async (request, signal) => {
        const reply = await tampered(request, signal);
        return { ...reply, body: listTable.encodeResponse({ tableNames: ["x"] }) };
      },
    ]);
    expect(await failureOf(caller.call(listTable, {}))).toMatchObject({ code: "TF_RESPONSE_UNTRUSTED" });
  });
  test.each([
    ["on a guarded way to who checks its rows", { guarded: true, rowsChecked: true }, "taken"],
    ["on an open way, whoever checks its rows", { guarded: false, rowsChecked: true }, "TF_RESPONSE_UNTRUSTED"],
    ["on a guarded way, where nobody checks its rows", { guarded: true, rowsChecked: false }, "TF_RESPONSE_UNTRUSTED"],
  ])("whose body does not fit its checksum is, %s: %o, %s", async (_where, { guarded, rowsChecked }, outcome) => {
    const other = listTable.encodeResponse({ tableNames: ["x"] });
    const { caller } = scripted([async (request, signal) => ({ ...(await tampered(request, signal)), body: other })], { guarded });
    const answer = await failureOf(caller.call(listTable, {}, { rowsChecked }));
    expect(answer).toMatchObject(outcome === "taken" ? { accepted: { tableNames: ["x"] } } : { code: outcome });
  });
  test("is refused when it is not signed, also on a guarded way", async () => {
    const { caller } = scripted([() => ({ status: 200, headers: {}, body: new Uint8Array(0) })], { guarded: true });
    expect(await failureOf(caller.call(listTable, {}, { rowsChecked: true }))).toMatchObject({ code: "TF_RESPONSE_UNTRUSTED" });
  });
  test("is refused when it is not signed", async () => {
    const { caller } = scripted([() => ({ status: 200, headers: {}, body: new Uint8Array(0) })]);
    expect(await failureOf(caller.call(listTable, {}))).toMatchObject({ code: "TF_RESPONSE_UNTRUSTED" });
  });
  test("is taken when checking is off", async () => {
    const { caller } = scripted([() => ({ status: 200, headers: {}, body: new Uint8Array(0) })], { checkResponses: false });
    expect(await caller.call(listTable, {})).toEqual({ tableNames: [] });
  });
  test("is corrupt when signed nonsense", async () => {
    const { caller } = scripted([answers(Uint8Array.of(0x0a, 0x7f))]);
    expect(await failureOf(caller.call(listTable, {}))).toMatchObject({ code: "TF_WIRE_CORRUPT" });
  });
});

describe("a call that failed", () => {
  const always = ["OTSRowOperationConflict", "OTSNotEnoughCapacityUnit", "OTSTableNotReady", "OTSPartitionUnavailable", "OTSServerBusy"];
  test.each([...always, "OTSStorageServerBusy", "OTSOperationThrottled"])("with %s is repeated, also a write", async (code) => {
    const { caller, clock, requests } = scripted([refuses(503, code), empty]);
    await settled(clock, caller.call(deleteTable, { tableName: "t" }));
    expect(requests).toHaveLength(2);
  });
  test("for too frequent table operations is repeated", async () => {
    const { caller, clock, requests } = scripted([refuses(403, "OTSQuotaExhausted", "Too frequent table operations."), empty]);
    await settled(clock, caller.call(deleteTable, { tableName: "t" }));
    expect(requests).toHaveLength(2);
  });
  test("for another quota is not", async () => {
    const { caller, requests } = scripted([refuses(403, "OTSQuotaExhausted", "Number of tables exceeds the quota:64.")]);
    await failureOf(caller.call(deleteTable, { tableName: "t" }));
    expect(requests).toHaveLength(1);
  });
  test.each(["OTSTimeout", "OTSInternalServerError", "OTSServerUnavailable", "OTSTunnelServerUnavailable"])(
    "with %s is repeated when it only reads",
    async (code) => {
      const { caller, clock, requests } = scripted([refuses(500, code), tables]);
      await settled(clock, caller.call(listTable, {}));
      expect(requests).toHaveLength(2);
    },
  );
  test.each([
    ["OTSTimeout", 503],
    ["OTSInternalServerError", 500],
    ["OTSSomethingElse", 502],
  ])("with %s (%i) is of unknown outcome when it writes", async (code, status) => {
    const { caller, requests } = scripted([refuses(status, code)]);
    const failure = await failureOf(caller.call(deleteTable, { tableName: "t" }));
    expect(failure).toBeInstanceOf(UnknownOutcome);
    expect(failure).toMatchObject({ outcome: "unknown", cause: { code } });
    expect(requests).toHaveLength(1);
  });
  test("with a lost answer is repeated when it only reads", async () => {
    const { caller, clock, requests } = scripted([lost(true), tables]);
    await settled(clock, caller.call(listTable, {}));
    expect(requests).toHaveLength(2);
  });
  test("with a lost answer is of unknown outcome when it writes", async () => {
    const { caller } = scripted([lost(true)]);
    expect(await failureOf(caller.call(deleteTable, { tableName: "t" }))).toMatchObject({ code: "TF_CONNECTION", outcome: "unknown" });
  });
  test("before anything was sent is repeated, also a write", async () => {
    const { caller, clock, requests } = scripted([lost(false), empty]);
    await settled(clock, caller.call(deleteTable, { tableName: "t" }));
    expect(requests).toHaveLength(2);
  });
  test.each([
    [400, "OTSParameterInvalid"],
    [403, "OTSAuthFailed"],
    [403, "OTSConditionCheckFail"],
    [409, "OTSObjectAlreadyExist"],
  ])("with %i %s is not repeated", async (status, code) => {
    const { caller, requests } = scripted([refuses(status, code)]);
    expect(await failureOf(caller.call(listTable, {}))).toBeInstanceOf(ServiceError);
    expect(requests).toHaveLength(1);
  });
});

describe("repeating", () => {
  test("waits longer each time, at least half of the full pause and at most 320 ms", async () => {
    const busy = Array.from({ length: 8 }, () => refuses(503, "OTSServerBusy"));
    const { caller, clock, sentAt } = scripted([...busy, empty]);
    await settled(clock, caller.call(deleteTable, { tableName: "t" }));
    for (let i = 1; i < sentAt.length; i++) {
      const full = Math.min(320, 10 * 2 ** (i - 1));
      const waited = sentAt[i]! - sentAt[i - 1]!;
      expect(waited).toBeGreaterThanOrEqual(full / 2);
      expect(waited).toBeLessThanOrEqual(full);
    }
  });
  test("ends with the last refusal once the total time is over", async () => {
    const busy = Array.from({ length: 100 }, () => refuses(503, "OTSServerBusy"));
    const { caller, clock, requests } = scripted(busy, { retry: { totalMs: 1000, firstMs: 10, mostMs: 320 } });
    expect(await failureOf(settled(clock, caller.call(deleteTable, { tableName: "t" })))).toMatchObject({ code: "OTSServerBusy" });
    expect(requests.length).toBeGreaterThan(5);
    expect(requests.length).toBeLessThan(12);
  });
  test("signs anew, with the time of the try", async () => {
    const { caller, clock, requests } = scripted([hangs, tables]);
    await settled(clock, caller.call(listTable, {}));
    expect(requests[1]?.headers["x-ots-date"]).not.toBe(requests[0]?.headers["x-ots-date"]);
  });
});

describe("a call without an answer", () => {
  test("ends at its deadline: a read is repeated", async () => {
    const { caller, clock, sentAt } = scripted([hangs, tables]);
    await settled(clock, caller.call(listTable, {}));
    expect(sentAt[1]! - sentAt[0]!).toBeGreaterThanOrEqual(1000);
  });
  test("ends at its deadline: a write is of unknown outcome", async () => {
    const { caller, clock } = scripted([hangs]);
    expect(await failureOf(settled(clock, caller.call(deleteTable, { tableName: "t" })))).toMatchObject({
      code: "TF_TIMEOUT",
      outcome: "unknown",
    });
  });
  test("ends with the signal's reason when it is aborted", async () => {
    const { caller } = scripted([hangs]);
    const stop = new AbortController();
    const call = caller.call(listTable, {}, { signal: stop.signal });
    const reason = new TableferryError("TF_ABORTED", { message: "stop" });
    stop.abort(reason);
    expect(await failureOf(call)).toBe(reason);
  });
  test("ends with the signal's reason while it waits to be repeated", async () => {
    const { caller, clock, requests } = scripted([refuses(503, "OTSServerBusy")]);
    const stop = new AbortController();
    const call = failureOf(caller.call(listTable, {}, { signal: stop.signal }));
    while (clock.waiting === 0 || requests.length === 0) await clock.advance(0);
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await call).toBe(reason);
  });
});

describe("who may forbid a request to leave", () => {
  test("is asked for each write that names somebody, besides the client's own guard", async () => {
    const asked: string[] = [];
    const { caller, requests } = scripted([empty, empty], { beforeWrite: () => void asked.push("client") });
    await caller.call(deleteTable, { tableName: "t" }, { beforeSend: () => void asked.push("call") });
    await caller.call(deleteTable, { tableName: "t" });
    for (const { beforeSend } of requests) beforeSend?.();
    expect(asked).toEqual(["client", "call", "client"]);
  });
  test("is not asked for reads", async () => {
    const { caller, requests } = scripted([tables]);
    await caller.call(listTable, {}, { beforeSend: () => undefined });
    expect(requests[0]!.beforeSend).toBeUndefined();
  });
});
