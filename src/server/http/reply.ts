import type { WireResponse } from "../../wire/transport.ts";
import { KEEP_ALIVE_SECONDS } from "./time-limits.ts";

/** Of statuses that this server or a fault rule answers; a phrase may be empty (RFC 9112, 4). */
const phrases: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Payload Too Large",
  417: "Expectation Failed",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Tells a client that it may send its body. */
export const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** To what is no request: nobody is told anything but that. */
export function bareRefusal(status: number): string {
  return `${statusLine(status)}Connection: close\r\n\r\n`;
}

/** @param last the connection is closed behind it */
export function replyHead({ status, headers, body }: WireResponse, date: string, last: boolean): string {
  let text = statusLine(status);
  for (const name in headers) text += `${name}: ${headers[name]!}\r\n`;
  const connection = last ? "Connection: close\r\n" : `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_SECONDS}\r\n`;
  return `${text}content-length: ${body.length}\r\nDate: ${date}\r\n${connection}\r\n`;
}

/** The dates of replies, made once a second. */
export class ReplyDate {
  #second = -1;
  #text = "";

  /** @param nowMs milliseconds since 1970 */
  at(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(nowMs).toUTCString();
    }
    return this.#text;
  }
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${phrases[status] ?? ""}\r\n`;
}
