import { describe, expect, test } from "vitest";
import { parseHead } from "../../../src/client/response-head.ts";

const head = (...lines: string[]) => parseHead(lines.join("\r\n"));

describe("the head of a reply", () => {
  test("gives status and headers, names in lower case and repeated ones joined", () => {
    expect(head("HTTP/1.1 200 OK", "X-OTS-RequestId:  1 ", "Vary: a", "vary: b", "Content-Length: 3")).toEqual({
      status: 200,
      headers: { "x-ots-requestid": "1", vary: "a, b", "content-length": "3" },
      body: 3,
      reusable: true,
      keepAliveMs: undefined,
    });
  });
  test("may lack a reason", () => expect(head("HTTP/1.1 503 ", "content-length: 0")?.status).toBe(503));
  test("of an interim reply says nothing", () => expect(head("HTTP/1.1 100 Continue")).toBeUndefined());
  test.each([
    ["content-length: 12", 12],
    ["transfer-encoding: Chunked", "chunked"],
    ["x: y", "until-end"],
  ] as const)("says by '%s' how long the body is", (line, body) => expect(head("HTTP/1.1 200 OK", line)?.body).toBe(body));
  test.each([204, 304])("with status %d has no body", (status) =>
    expect(head(`HTTP/1.1 ${status} x`, "transfer-encoding: chunked")?.body).toBe(0),
  );
  test("says how long an idle connection is kept", () =>
    expect(head("HTTP/1.1 200 OK", "content-length: 0", "Keep-Alive: max=3, timeout=5")?.keepAliveMs).toBe(5000));
  test("keeps a name of Object's own apart", () => expect(head("HTTP/1.1 200 OK", "__proto__: x")?.headers["__proto__"]).toBe("x"));

  test.each([
    ["HTTP/1.1", "connection: close", false],
    ["HTTP/1.1", "connection: keep-alive", true],
    ["HTTP/1.0", "x: y", false],
    ["HTTP/1.0", "connection: keep-alive", true],
  ])("of %s with %s leaves the connection open: %s", (version, line, reusable) =>
    expect(head(`${version} 200 OK`, "content-length: 0", line)?.reusable).toBe(reusable),
  );
  test("of a body until the end ends the connection", () => expect(head("HTTP/1.1 200 OK")?.reusable).toBe(false));

  test.each([
    ["another protocol", ["SSH-2.0-OpenSSH"]],
    ["HTTP/2", ["HTTP/2 200 OK"]],
    ["a status that is no number", ["HTTP/1.1 abc OK"]],
    ["a header without a name", ["HTTP/1.1 200 OK", ": x"]],
    ["a line without a colon", ["HTTP/1.1 200 OK", "x"]],
    ["a length that is no number", ["HTTP/1.1 200 OK", "content-length: -1"]],
    ["two lengths", ["HTTP/1.1 200 OK", "content-length: 1", "content-length: 2"]],
    ["two ways to say the length", ["HTTP/1.1 200 OK", "content-length: 1", "transfer-encoding: chunked"]],
    ["a coding that is not known", ["HTTP/1.1 200 OK", "transfer-encoding: gzip, chunked"]],
  ])("with %s is refused", (_what, lines) => expect(() => head(...lines)).toThrow(Error));
});
