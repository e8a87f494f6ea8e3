import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SharedReads } from "../../../../src/server/http/shared-reads.ts";

let stop: () => void = () => undefined;
afterEach(() => stop());

/** A server that tells of what it accepts. */
async function accepting(shares: boolean, accepted: (reads: SharedReads, socket: Socket) => void) {
  const reads = new SharedReads(shares);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => accepted(reads, socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  stop = () => server.close();
  return { server, connect: () => connect(port, "127.0.0.1") };
}

describe.each([
  ["shared memory", true],
  ["memory of each socket's own", false],
])("a socket that is read into %s", (_where, shares) => {
  it("hears every byte in order, and the end", async () => {
    const heard = Promise.withResolvers<string>();
    const { connect: open } = await accepting(shares, (reads, accepted) => {
      const { socket, onBytes } = reads.read(accepted);
      const pieces: string[] = [];
      onBytes((bytes) => pieces.push(bytes.toString("latin1")));
      socket.on("end", () => {
        heard.resolve(pieces.join(""));
        socket.end();
      });
    });
    const text = "0123456789".repeat(100_000);
    open().end(text, "latin1");
    expect(await heard.promise).toBe(text);
  });

  it("does not hear what others are sent", async () => {
    const heard = new Map<string, string>();
    const done = Promise.withResolvers<void>();
    const { connect: open } = await accepting(shares, (reads, accepted) => {
      const { socket, onBytes } = reads.read(accepted);
      let text = "";
      onBytes((bytes) => (text += bytes.toString("latin1")));
      socket.on("end", () => {
        heard.set(text[0]!, text);
        socket.end();
        if (heard.size === 8) done.resolve();
      });
    });
    const clients = ["a", "b", "c", "d", "e", "f", "g", "h"].map((letter) => ({ letter, socket: open() }));
    for (let piece = 0; piece < 50; piece++) for (const { letter, socket } of clients) socket.write(letter.repeat(1000));
    for (const { socket } of clients) socket.end();
    await done.promise;
    for (const { letter } of clients) expect(heard.get(letter)).toBe(letter.repeat(50_000));
  });

  it("hears nothing while it is paused, and the rest when it goes on", async () => {
    const first = Promise.withResolvers<Socket>();
    const rest = Promise.withResolvers<string>();
    let paused = false;
    const { connect: open } = await accepting(shares, (reads, accepted) => {
      const { socket, onBytes } = reads.read(accepted);
      let text = "";
      onBytes((bytes) => {
        expect(paused).toBe(false);
        text += bytes.toString("latin1");
        if (text.length > 5) return;
        paused = true;
        socket.pause();
        first.resolve(socket);
      });
      socket.on("end", () => {
        rest.resolve(text);
        socket.end();
      });
    });
    const client = open();
    client.write("first");
    const socket = await first.promise;
    await new Promise((resolve) => client.end(" and more", () => resolve(undefined)));
    await new Promise((resolve) => setImmediate(resolve));
    paused = false;
    socket.resume();
    expect(await rest.promise).toBe("first and more");
  });

  it("is counted by its server until it is closed", async () => {
    const opened = Promise.withResolvers<Socket>();
    const { server, connect: open } = await accepting(shares, (reads, accepted) => {
      const { socket, onBytes } = reads.read(accepted);
      onBytes(() => undefined);
      opened.resolve(socket);
    });
    const count = () => new Promise((resolve) => server.getConnections((_error, open) => resolve(open)));
    const client = open();
    const socket = await opened.promise;
    expect(await count()).toBe(1);
    const closed = once(socket, "close");
    client.destroy();
    socket.destroy();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(await count()).toBe(0);
  });
});
