/**
 * The ceiling: what `node:http` and the signatures cost by themselves. Checks a request's signature and checksum, does nothing, and answers an empty
 * body, signed. Prints where it is as one line of JSON; `keys=FILE` names the key.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { signedResponse } from "../../../src/wire/headers.ts";
import { contentMd5, sameSignature, signRequest } from "../../../src/wire/sign.ts";
import { argument } from "../measure.ts";

const keysFile = argument("keys");
const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(keysFile, "utf8"));
const key = { id: keys.accessKeyId, secret: keys.accessKeySecret };
const nothing = new Uint8Array(0);

const server = createServer({ keepAlive: true, noDelay: true }, (incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const path = incoming.url ?? "/";
    const headers = incoming.headers as Record<string, string>;
    const trusted =
      sameSignature(headers["x-ots-signature"] ?? "", signRequest(path, headers, key.secret)) &&
      headers["x-ots-contentmd5"] === contentMd5(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    const response = signedResponse(path, trusted ? 200 : 403, nothing, "0", Date.now(), key);
    outgoing.writeHead(response.status, { ...response.headers, "content-length": 0 });
    outgoing.end();
  });
});
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keysFile })),
);
process.on("SIGTERM", () => process.exit(0));
