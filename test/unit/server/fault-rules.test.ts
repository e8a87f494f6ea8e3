import { describe, expect, test } from "vitest";
import { parseFaultRules } from "../../../src/server/test-controls/parse-fault-rules.ts";
import { startTableStore } from "../../../src/testing.ts";

const error = { type: "error", code: "OTSServerBusy" };

describe("a fault rule", () => {
  test.each([
    [{ effect: error }],
    [{ operations: ["PutRow", "tunnel/readrecords"], instance: "i", table: "t", skip: 1, times: 2, probability: 0.5, effect: error }],
    [{ effect: { type: "error", code: "OTSOwn", status: 500, text: "x" } }],
    [{ effect: { type: "throttle", perSecond: 0 } }],
    [{ effect: { type: "delay", ms: 10 } }],
    [{ effect: { type: "cutRequest" } }],
    [{ operations: ["BatchGetRow"], effect: { type: "failRows", share: 1, code: "OTSTimeout" } }],
    [{ effect: { type: "failRows", rows: [0], code: "OTSOwn", text: "x" } }],
  ])("%j is one", (rule) => {
    expect(JSON.parse(JSON.stringify(parseFaultRules([rule])))).toEqual([rule]);
  });

  test.each([
    ["rules is no list", {}],
    ["rules[0] is no object", [1]],
    ["rules[0].effect.type is none of error,", [{}]],
    ["rules[0].probabilty is not known; did you mean probability?", [{ probabilty: 1, effect: error }]],
    ["rules[0].operations is no list of names", [{ operations: [], effect: error }]],
    ['rules[0].operations has the unknown operation "PutRows"; did you mean PutRow?', [{ operations: ["PutRows"], effect: error }]],
    ["rules[0].probability is no number from 0 to 1", [{ probability: 2, effect: error }]],
    ["rules[0].times is no whole number from 0", [{ times: 1.5, effect: error }]],
    ["rules[0].table is no text", [{ table: "", effect: error }]],
    ["rules[0].effect.code is missing", [{ effect: { type: "error" } }]],
    ["rules[0].effect.code is no code of the service", [{ effect: { type: "error", code: "EBUSY" } }]],
    ["rules[0].effect needs a status and a text", [{ effect: { type: "error", code: "OTSOwn" } }]],
    ["rules[0].effect.status is no status of an error", [{ effect: { ...error, status: 200 } }]],
    [
      "rules[0].effect.code has no text of its own; did you mean OTSFlowControl?",
      [{ effect: { type: "throttle", perSecond: 1, code: "OTSFlowContrl" } }],
    ],
    ["rules[0].effect.perSecond is missing", [{ effect: { type: "throttle" } }]],
    ["rules[0].effect.ms is missing", [{ effect: { type: "delay" } }]],
    ["rules[0].effect.rows has something that is no whole number", [{ effect: { type: "failRows", rows: [-1] } }]],
    ["rules[0].effect has rows and a share", [{ effect: { type: "failRows", rows: [1], share: 1 } }]],
    ["rules[0].operations has rows to fail only in", [{ operations: ["GetRow"], effect: { type: "failRows" } }]],
    ["rules[0].effect.ms is not known", [{ effect: { type: "dropReply", ms: 1 } }]],
  ])("%s", (text, rules) => {
    expect(() => parseFaultRules(rules)).toThrow(
      expect.objectContaining({ code: "TF_FAULT_INVALID", sentence: expect.stringContaining(text) }),
    );
  });

  test("that makes no sense stops a store from starting", async () => {
    await expect(startTableStore({ faults: [{ probability: 2, effect: { type: "dropReply" } }] })).rejects.toMatchObject({
      code: "TF_FAULT_INVALID",
      place: "rules[0].probability",
    });
  });
});
