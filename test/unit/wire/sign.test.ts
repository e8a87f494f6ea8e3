import { describe, expect, test } from "vitest";
import { parseWireDate, signedRequest, signedResponse, distrust, wireDate } from "../../../src/wire/headers.ts";
import { decodeErrorBody, encodeErrorBody } from "../../../src/wire/error-body.ts";
import { contentMd5, sameSignature, signingKeyV4, signRequest, signRequestV4, signResponse } from "../../../src/wire/sign.ts";

/** The golden vectors of the reference's appendix A. */
const body = Buffer.from("0a0174", "hex");
const date = "2024-01-02T03:04:05.678Z";
const headers = {
  "x-ots-date": date,
  "x-ots-apiversion": "2015-12-31",
  "x-ots-accesskeyid": "testak",
  "x-ots-contentmd5": "yLFeGnWRrRXWNgAc1U8CZQ==",
  "x-ots-instancename": "inst",
};

describe("signatures", () => {
  test("the checksum of a body is the vector's", () => {
    expect(contentMd5(body)).toBe(headers["x-ots-contentmd5"]);
    expect(contentMd5(new Uint8Array(0))).toBe("1B2M2Y8AsgTpgAmY7PhCfg==");
  });
  test("version 1 is the vector's", () => {
    expect(signRequest("/DescribeTable", headers, "testsk")).toBe("F3MIwXXOaCKoe9HC4UjgKZRqu3U=");
  });
  test("a request is signed as the vector", () => {
    const request = signedRequest("DescribeTable", "inst", { id: "testak", secret: "testsk" }, body, Date.parse(date));
    expect(request.headers["x-ots-signature"]).toBe("F3MIwXXOaCKoe9HC4UjgKZRqu3U=");
  });
  test("version 4 is the vector's", () => {
    const key = signingKeyV4("testsk", "20240102", "cn-hangzhou");
    expect(key).toBe("5orKAGtjeIqZfSjBrWBgTj+RZINQQiWTagcSAs2EAmA=");
    const v4 = { ...headers, "x-ots-signdate": "20240102", "x-ots-signregion": "cn-hangzhou" };
    expect(signRequestV4("/DescribeTable", v4, key)).toBe("SDb9NuIR8lzJQ3AdQoLv9i8aBr6wzQF8Ylfs/IlNGiU=");
  });
  test("a response's is the vector's", () => {
    const response = {
      "x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg==",
      "x-ots-contenttype": "protocol buffer",
      "x-ots-date": date,
      "x-ots-requestid": "0005-test",
    };
    expect(signResponse("/DescribeTable", response, "testsk")).toBe("4SHGtmJ8eSgT7Mc9KxqEJnTM24A=");
  });
  test("headers that are not x-ots, and the signature itself, are not signed", () => {
    const more = { ...headers, "x-ots-signature": "old", host: "somewhere", "user-agent": "x" };
    expect(signRequest("/DescribeTable", more, "testsk")).toBe("F3MIwXXOaCKoe9HC4UjgKZRqu3U=");
  });
  test("are compared whole, whatever their lengths", () => {
    expect(sameSignature("abc", "abc")).toBe(true);
    expect(sameSignature("abc", "abd")).toBe(false);
    expect(sameSignature("abc", "abcd")).toBe(false);
  });
});

describe("a reply", () => {
  const key = { id: "ak", secret: "sk" };
  const reply = signedResponse("/GetRow", 200, body, "0005-1", Date.parse(date), key);
  test("that is signed is trusted", () => expect(distrust("/GetRow", reply, key)).toBeUndefined());
  test("to another operation is not", () => expect(distrust("/PutRow", reply, key)).toBe("the signature does not match"));
  test("signed with another secret is not", () =>
    expect(distrust("/GetRow", reply, { id: "ak", secret: "other" })).toBe("the signature does not match"));
  test("whose body was changed is not", () =>
    expect(distrust("/GetRow", { ...reply, body: Buffer.from("x") }, key)).toBe("the checksum of the body does not match"));
  test("without a signature is not", () => {
    const bare = signedResponse("/GetRow", 200, body, "0005-1", Date.parse(date), undefined);
    expect(distrust("/GetRow", bare, key)).toBe("the header authorization is missing");
  });
});

describe("dates", () => {
  test("carry milliseconds", () => expect(wireDate(Date.parse(date))).toBe(date));
  test("are read whatever the fraction says", () => {
    expect(parseWireDate("2024-01-02T03:04:05.10203Z")).toBe(Date.parse("2024-01-02T03:04:05Z"));
    expect(parseWireDate("2024-01-02T03:04:05Z")).toBe(Date.parse("2024-01-02T03:04:05Z"));
  });
  test.each(["", "yesterday", "2024-13-02T03:04:05.000Z", "2024-01-02 03:04:05"])("%j is none", (text) =>
    expect(parseWireDate(text)).toBeUndefined(),
  );
});

describe("error bodies", () => {
  test("are read as written", () => {
    const text = "Requested table does not exist. – 表格";
    expect(decodeErrorBody(encodeErrorBody("OTSObjectNotExist", text), 404)).toEqual({ code: "OTSObjectNotExist", text });
  });
  test.each([
    [500, "OTSServerUnavailable"],
    [400, "OTSClientUnknownError"],
  ])("that are none become, with status %i, %s", (status, code) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("<html>"), Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff])])
      expect(decodeErrorBody(bytes, status).code).toBe(code);
  });
});
