import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { limits } from "../../model/limits.ts";
import { encodeErrorBody } from "../../wire/error-body.ts";
import { signedResponse, WAIT_HEADER } from "../../wire/headers.ts";
import type { Transport, WireResponse } from "../../wire/transport.ts";
import { ConnectionCut } from "../connection-cut.ts";
import { isControlPath } from "../control-plane/control-path.ts";
import { controlReply } from "../control-plane/control-reply.ts";
import type { BodyMemory } from "./body-memory.ts";
import { LARGE_BODY_BYTES, type LargeTurns } from "./large-turns.ts";
import { BLANK_LINE, PartialHead } from "./partial-head.ts";
import { bareRefusal, CONTINUE, replyHead, type ReplyDate } from "./reply.ts";
import type { ReplyRoom } from "./reply-room.ts";
import { RequestBody } from "./request-body.ts";
import { headBytesMax, parseRequestHead, type RequestHead } from "./request-head.ts";
import { HEAD_SECONDS, KEEP_ALIVE_SECONDS, LINGER_SECONDS, REPLY_SECONDS, REQUEST_SECONDS } from "./time-limits.ts";
import type { Limited, TimeLimits } from "./time-limits.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const NOTHING = new Uint8Array(0);

/** What is refused before it is looked into, in the words of the data plane and of the control plane (those unverified). */
interface EarlyRefusal {
  readonly status: number;
  readonly data: { readonly code: string; readonly text: string };
  readonly control: { readonly Code: string; readonly Message: string };
}

const wrongMethod: EarlyRefusal = {
  status: 405,
  data: { code: "OTSMethodNotAllowed", text: "Only POST method for requests is supported." },
  control: { Code: "UnsupportedHTTPMethod", Message: "Only GET and POST are supported." },
};
const busy: EarlyRefusal = {
  status: 503,
  data: { code: "OTSServerBusy", text: "Server is busy." },
  control: { Code: "ServiceUnavailable", Message: "Server is busy." },
};

/** What all connections of a listener share. */
export interface Surroundings {
  readonly handler: Transport;
  /** Dates replies. */
  readonly clock: Clock;
  readonly date: ReplyDate;
  readonly memory: BodyMemory;
  readonly room: ReplyRoom;
  readonly times: TimeLimits;
  readonly turns: LargeTurns;
  /** No connection is kept for another request any more. */
  isClosing(): boolean;
}

/**
 * `head`: a request is awaited, or the rest of its head; `body`: the rest of its body; `answer`: it is with the handler, or its answer on the way; `over`: the last answer is on
 * the way or sent, and what still comes is dropped until the client closes.
 */
type Phase = "head" | "body" | "answer" | "over";

/** A client's connection: reads a request, has it answered, sends the answer, and only then looks at the next, also where that has come already. */
export class Connection implements Limited {
  due: number;
  readonly #socket: Socket;
  readonly #around: Surroundings;
  #phase: Phase = "head";
  /** When the request must be complete. */
  #requestDue = 0;
  #beginning: PartialHead | undefined;
  #head: RequestHead | undefined;
  #body: RequestBody | undefined;
  /** What the client has sent ahead; then no more is read. */
  #ahead: Buffer | undefined;
  /** Bytes of the shared memory that an answer takes which its client does not read. */
  #unread = 0;
  /** Nothing follows the answer. */
  #last = false;
  /** The client sends no more. */
  #leaving = false;
  #gone: AbortController | undefined;

  constructor(socket: Socket, around: Surroundings) {
    this.#socket = socket;
    this.#around = around;
    this.due = around.times.in(HEAD_SECONDS);
    socket.on("end", () => this.#ended());
    // Whatever went wrong with a socket, it is closed next, and nobody is left to be told.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#closed());
  }

  /** Closes it as soon as nothing is under way. */
  finish(): void {
    if (this.#phase === "over") this.#socket.destroySoon();
    else if (this.#phase === "head" && this.#beginning === undefined) this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  expire(): void {
    if (this.#phase === "body" || this.#beginning !== undefined) this.#refuse(408);
    else this.#socket.destroy();
  }

  /** Takes what the client has sent; the bytes are copied where they are kept. */
  read(bytes: Buffer): void {
    if (this.#phase === "answer") {
      this.#ahead = Buffer.concat(this.#ahead === undefined ? [bytes] : [this.#ahead, bytes]);
      this.#socket.pause();
    } else if (this.#phase !== "over") {
      this.#take(bytes);
    }
  }

  #take(bytes: Buffer): void {
    let at = 0;
    if (this.#phase === "head") {
      at = this.#takeHead(bytes);
      if (this.#head === undefined) return;
    }
    this.#takeBody(this.#head!, bytes, at);
  }

  /** Returns the offset behind the head. `#head` stays undefined where there is none yet, or none that is understood. */
  #takeHead(bytes: Buffer): number {
    if (this.#beginning !== undefined) return this.#gatherHead(this.#beginning, bytes, 0);
    let from = 0;
    // Some clients send an empty line behind a body (RFC 9112, 2.2).
    while (bytes[from] === RETURN || bytes[from] === LINE_FEED) from++;
    if (from === bytes.length) return from;
    this.#requestDue = this.#around.times.in(REQUEST_SECONDS);
    const blank = bytes.indexOf(BLANK_LINE, from);
    const end = blank + BLANK_LINE.length;
    if (blank >= 0 && end - from <= headBytesMax) {
      this.#parse(bytes, from, end);
      return end;
    }
    this.due = this.#around.times.in(HEAD_SECONDS);
    this.#beginning = new PartialHead();
    return this.#gatherHead(this.#beginning, bytes, from);
  }

  #gatherHead(beginning: PartialHead, bytes: Buffer, from: number): number {
    const at = beginning.take(bytes, from);
    if (beginning.complete) {
      this.#beginning = undefined;
      this.#parse(beginning.bytes, 0, beginning.bytes.length);
    } else if (beginning.broken) {
      this.#refuse(400);
    } else if (beginning.full) {
      this.#refuse(431);
    }
    return at;
  }

  #parse(bytes: Buffer, from: number, end: number): void {
    const head = parseRequestHead(bytes, from, end - BLANK_LINE.length / 2);
    if (typeof head === "number") this.#refuse(head);
    else this.#head = head;
  }

  #takeBody(head: RequestHead, bytes: Buffer, from: number): void {
    let body = this.#body;
    if (body === undefined) {
      body = this.#body = new RequestBody(head.body, this.#around.memory, head.method === "POST");
      this.#phase = "body";
      this.due = this.#requestDue;
      if (head.expectsContinue && from === bytes.length) this.#socket.write(CONTINUE, "latin1");
    }
    let at: number;
    try {
      at = body.take(bytes, from, bytes.length);
    } catch {
      return this.#refuse(400);
    }
    if (!body.complete && !body.excessive) return;
    if (at < bytes.length) this.#ahead = Buffer.from(bytes.subarray(at));
    this.#phase = "answer";
    this.due = Infinity;
    void this.#answer(head, body);
  }

  /** Never rejects. */
  async #answer(head: RequestHead, body: RequestBody): Promise<void> {
    const { path, headers, method } = head;
    let answered = false;
    try {
      if (method !== "POST" && !(method === "GET" && isControlPath(path))) {
        this.#send(head, this.#unsigned(path, wrongMethod), body.excessive);
      } else if (body.short) {
        this.#send(head, this.#unsigned(path, busy), true);
      } else {
        const { bytes } = body;
        if (bytes.length >= LARGE_BODY_BYTES) await this.#around.turns.take();
        const response = await this.#around.handler(
          { method, path, headers, body: bytes },
          headers[WAIT_HEADER] === undefined ? undefined : this.#goneSignal(),
        );
        answered = true;
        this.#send(head, response, bytes.length > limits.requestBodyBytesMax);
      }
    } catch (thrown) {
      // A fault rule cuts the connection, or the handler failed: there is nothing to answer.
      this.#cut(thrown instanceof ConnectionCut ? thrown.reply : undefined);
    } finally {
      // A handler that has given a request up may still be looking at it.
      body.release(answered);
    }
  }

  /** Aborted when the client has gone away; only who waits for something asks for it. */
  #goneSignal(): AbortSignal {
    this.#gone = new AbortController();
    return this.#gone.signal;
  }

  /** Nobody has been asked who they are yet. */
  #unsigned(path: string, { status, data, control }: EarlyRefusal): WireResponse {
    if (isControlPath(path)) return controlReply(status, { RequestId: "-", ...control });
    return signedResponse(path, status, encodeErrorBody(data.code, data.text), "-", this.#around.clock.now(), undefined);
  }

  #send({ method, last }: RequestHead, response: WireResponse, isLast: boolean): void {
    if (this.#socket.destroyed) return;
    const { clock, date, memory, times } = this.#around;
    this.#last = last || isLast || this.#around.isClosing() || (this.#leaving && this.#ahead === undefined);
    this.due = times.in(REPLY_SECONDS);
    const head = replyHead(response, date.at(clock.now()), this.#last);
    this.#write(head, method === "HEAD" ? NOTHING : response.body, this.#sent);
    if (this.#socket.writableLength === 0) return;
    this.#unread = response.body.length;
    memory.add(this.#unread);
  }

  #write(head: string, body: Uint8Array, sent: () => void): void {
    const socket = this.#socket;
    const joined = this.#around.room.join(head, body);
    if (joined !== undefined) {
      socket.write(joined, sent);
      if (socket.writableLength > 0) this.#around.room.leave();
    } else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body, sent);
      socket.uncork();
    }
  }

  /** The answer is with the system, or will never be. */
  readonly #sent = (error?: Error | null): void => {
    this.#releaseUnread();
    if (error !== undefined && error !== null) return;
    this.#gone = undefined;
    if (this.#last) return this.#end();
    this.#phase = "head";
    this.#head = undefined;
    this.#body = undefined;
    this.due = this.#around.times.in(KEEP_ALIVE_SECONDS);
    this.#next();
  };

  #next(): void {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) this.#take(ahead);
    if (this.#leaving && this.#phase !== "answer") this.#leave();
    else if (this.#ahead === undefined && this.#socket.isPaused()) this.#socket.resume();
  }

  /** The beginning of a reply where there is one, and then the end of the connection. */
  #cut(reply: Uint8Array | undefined): void {
    const socket = this.#socket;
    if (reply === undefined || reply.length < 2 || socket.destroyed) return void socket.destroy();
    const { clock, date } = this.#around;
    const head = replyHead({ status: 200, headers: {}, body: reply }, date.at(clock.now()), false);
    this.#write(head, reply.subarray(0, reply.length >> 1), () => socket.destroy());
  }

  /** Answers what is no request, as far as that goes: its end is not known, so nothing can follow. */
  #refuse(status: number): void {
    this.#body?.release(true);
    this.#beginning = undefined;
    this.#socket.write(bareRefusal(status), "latin1");
    this.#end();
  }

  /** What the client is still sending is read and dropped for a while: closed at once, the connection would be reset, and the answer with it. */
  #end(): void {
    this.#phase = "over";
    this.#ahead = undefined;
    this.due = this.#around.times.in(LINGER_SECONDS);
    if (this.#around.isClosing()) return this.#socket.destroySoon();
    this.#socket.end();
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Who waits for something waits for nobody; what was asked for is answered all the same. */
  #ended(): void {
    this.#leaving = true;
    if (this.#phase === "answer") this.#gone?.abort();
    else this.#leave();
  }

  #leave(): void {
    this.#body?.release(true);
    this.#phase = "over";
    this.#socket.end();
  }

  #closed(): void {
    if (this.#phase === "body") this.#body?.release(true);
    this.#phase = "over";
    this.#releaseUnread();
    this.#gone?.abort();
  }

  #releaseUnread(): void {
    if (this.#unread === 0) return;
    this.#around.memory.give(this.#unread);
    this.#unread = 0;
  }
}
