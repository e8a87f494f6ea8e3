import { describe, expect, it } from "vitest";
import { parseRequestHead, type RequestHead } from "../../../../src/server/http/request-head.ts";

/** Lines as a head among other bytes. */
function parse(...lines: readonly string[]): RequestHead | number {
  const bytes = Buffer.from(`##${lines.map((line) => `${line}\r\n`).join("")}\r\nbody`, "latin1");
  return parseRequestHead(bytes, 2, bytes.length - "\r\nbody".length);
}
function read(...lines: readonly string[]): RequestHead {
  const head = parse(...lines);
  if (typeof head === "number") throw new Error(`refused with ${head}`);
  return head;
}
const start = "POST /GetRow HTTP/1.1";
const host = "host: x";

describe("the head of a request", () => {
  it("is read whatever the case of its names, with blanks around values taken off", () => {
    const head = read(start, "HOST: x:1", "X-Ots-Date:\t now  then \t", "X-Own-Header: \xe9", "x-ots-instancename:");
    expect(head).toMatchObject({ method: "POST", path: "/GetRow", body: 0, last: false, expectsContinue: false });
    expect(Object.entries(head.headers)).toEqual([
      ["host", "x:1"],
      ["x-ots-date", "now  then"],
      ["x-own-header", "\xe9"],
      ["x-ots-instancename", ""],
    ]);
  });

  it("joins the values of a repeated name", () => {
    expect(read(start, host, "x-ots-a: 1", "X-OTS-A: 2", "x-ots-a: 3").headers["x-ots-a"]).toBe("1, 2, 3");
  });

  it("knows no name that the client has not sent", () => {
    const { headers } = read(start, host);
    expect([headers["constructor"], headers["__proto__"], headers["toString"]]).toEqual([undefined, undefined, undefined]);
  });

  it("takes names that mean something to JavaScript as any other", () => {
    const { headers } = read(start, host, "__proto__: a", "constructor: b");
    expect([headers["__proto__"], headers["constructor"]]).toEqual(["a", "b"]);
  });

  it.each([
    ["/GetRow?a=b", "/GetRow?a=b"],
    ["http://store:80/GetRow?a", "/GetRow?a"],
    ["HTTPS://store", "/"],
    ["http://store?a", "/?a"],
  ])("takes the target %s as the path %s", (target, path) => {
    expect(read(`POST ${target} HTTP/1.1`, host).path).toBe(path);
  });

  it.each([
    ["keep-alive", false],
    ["close", true],
    ["Close", true],
    ["te, close", true],
    ["closed", false],
  ])("with connection: %s, being the last is %s", (value, last) => {
    expect(read(start, host, `connection: ${value}`).last).toBe(last);
  });

  it("of HTTP/1.0 is the last, and needs no host", () => {
    expect(read("POST / HTTP/1.0").last).toBe(true);
  });

  it("says how long the body is", () => {
    expect([read(start, host, "content-length: 0012").body, read(start, host, "Transfer-Encoding: Chunked").body]).toEqual([12, "chunked"]);
  });

  it("says whether the client waits before it sends the body, as only one of HTTP/1.1 does", () => {
    const expectation = "expect: 100-Continue";
    expect(read(start, host, expectation).expectsContinue).toBe(true);
    expect(read("POST / HTTP/1.0", expectation).expectsContinue).toBe(false);
  });

  it("with another expectation is refused with 417", () => {
    expect(parse(start, host, "expect: more")).toBe(417);
  });

  it.each([
    ["no method", [" / HTTP/1.1", host]],
    ["a method with a byte that none has", ["PO(ST / HTTP/1.1", host]],
    ["no target", ["POST  HTTP/1.1", host]],
    ["two blanks", ["POST  / HTTP/1.1", host]],
    ["a target with a blank", ["POST /a b HTTP/1.1", host]],
    ["a target beyond ASCII", ["POST /\xe9 HTTP/1.1", host]],
    ["a target that is no path", ["POST GetRow HTTP/1.1", host]],
    ["the target *", ["POST * HTTP/1.1", host]],
    ["no version", ["POST /", host]],
    ["another version", ["POST / HTTP/2.0", host]],
    ["a version in lower case", ["POST / http/1.1", host]],
    ["something behind the version", ["POST / HTTP/1.1 ", host]],
    ["no host", [start]],
    ["two hosts", [start, host, "host: y"]],
    ["a line without a colon", [start, host, "header"]],
    ["a header without a name", [start, host, ": value"]],
    ["a blank before the colon", [start, host, "content-length : 5"]],
    ["a header that goes on in the next line", [start, host, "x-ots-a: 1", " 2"]],
    ["a first header that begins with a blank", [start, " x: y", host]],
    ["a NUL in a value", [start, host, "x-ots-a: \0"]],
    ["a CR in a value", [start, host, "x-ots-a: 1\r2"]],
    ["a line that ends without CR", [start, `${host}\nx: y`]],
    ["two lengths that differ", [start, host, "content-length: 5", "content-length: 6"]],
    ["two lengths that are the same", [start, host, "content-length: 5", "content-length: 5"]],
    ["two lengths in one", [start, host, "content-length: 5, 5"]],
    ["a length with a sign", [start, host, "content-length: +5"]],
    ["a length in hexadecimal", [start, host, "content-length: 0x5"]],
    ["an empty length", [start, host, "content-length:"]],
    ["a length of no meaning", [start, host, `content-length: ${"9".repeat(16)}`]],
    ["its length said in two ways", [start, host, "content-length: 5", "transfer-encoding: chunked"]],
    ["another coding", [start, host, "transfer-encoding: gzip, chunked"]],
    ["chunks twice", [start, host, "transfer-encoding: chunked", "transfer-encoding: chunked"]],
    ["chunks in HTTP/1.0", ["POST / HTTP/1.0", "transfer-encoding: chunked"]],
  ])("with %s is refused with 400", (_what, lines) => {
    expect(parse(...lines)).toBe(400);
  });
});
