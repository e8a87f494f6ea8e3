import type { Chance } from "../../../src/base/chance.ts";
import { TransportError } from "../../../src/client/transport-error.ts";
import { WAIT_HEADER } from "../../../src/wire/headers.ts";
import type { Transport, WireRequest, WireResponse } from "../../../src/wire/transport.ts";
import type { EventClock } from "./event-clock.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedServer } from "./simulated-server.ts";

/** What may befall a single request. */
export const mishaps = ["lost request", "lost reply", "late", "duplicate", "delay"] as const;
export type Mishap = (typeof mishaps)[number];

/** How often what befalls requests. */
export type Weather = Readonly<Partial<Record<Mishap, number>>>;

/**
 * `silent`: nothing gets through. `refused`: likewise, and whoever sends hears at once. `deaf`: requests get through, answers do not. `tunnel`: the tunnel
 * service is silent, tables are not.
 */
export type Cut = "none" | "silent" | "refused" | "deaf" | "tunnel";

export interface LinkTerms {
  /** Milliseconds after which a write has been given up; where its sender cannot, since it was stopped or died, its connection is gone by then. */
  readonly requestDeadlineMs: number;
  /** Milliseconds after that in which the service may still carry it out. */
  readonly longestOperationMs: number;
}

export interface LinkEvents {
  sent(process: SimulatedProcess, operation: string, mishap: Mishap | undefined): void;
  /** After the server has carried it out, before the answer leaves. */
  carriedOut(process: SimulatedProcess, operation: string, request: WireRequest, response: WireResponse): Promise<void>;
}

/** The network between one process and the server. */
export class Link {
  weather: Weather = {};
  cut: Cut = "none";
  /** Share of writes of rows that come late, whatever the weather. */
  lateWrites = 0;
  /** Writes of rows that have left and were not answered. */
  writing = 0;
  readonly #process: SimulatedProcess;
  readonly #server: SimulatedServer;
  readonly #time: EventClock;
  readonly #chance: Chance;
  readonly #terms: LinkTerms;
  readonly #events: LinkEvents;

  constructor(process: SimulatedProcess, server: SimulatedServer, time: EventClock, chance: Chance, terms: LinkTerms, events: LinkEvents) {
    this.#process = process;
    this.#server = server;
    this.#time = time;
    this.#chance = chance;
    this.#terms = terms;
    this.#events = events;
  }

  readonly transport: Transport = (request, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      try {
        request.beforeSend?.();
      } catch (thrown) {
        return reject(thrown);
      }
      if (this.#process.dead) return;
      const isWrite = request.path === "/BatchWriteRow";
      if (isWrite) this.writing++;
      const givenUp = Promise.withResolvers<void>();
      let over = false;
      const end = (act: () => void) => {
        if (over) return;
        over = true;
        if (isWrite) this.writing--;
        signal?.removeEventListener("abort", abort);
        act();
      };
      const abort = () =>
        end(() => {
          givenUp.resolve();
          reject(signal?.reason);
        });
      signal?.addEventListener("abort", abort);
      this.#carry(request, signal, {
        givenUp: givenUp.promise,
        answer: (response) => this.#process.deliver(() => end(() => resolve(response))),
        fail: (error) =>
          this.#process.deliver(() =>
            end(() => {
              givenUp.resolve();
              reject(error);
            }),
          ),
      });
    });

  #carry(request: WireRequest, signal: AbortSignal | undefined, call: Call): void {
    const operation = request.path.slice(1);
    const mishap = this.cut === "none" || this.cut === "tunnel" ? this.#mishap(operation) : undefined;
    this.#events.sent(this.#process, operation, mishap);
    if (this.cut === "refused") return void this.#later(() => call.fail(broken(false)));
    if (this.cut === "silent" || (this.cut === "tunnel" && operation.startsWith("tunnel/"))) return;
    switch (mishap) {
      case "lost request":
        if (this.#chance.next() < 0.5) this.#later(() => call.fail(broken(true)));
        return;
      case "lost reply":
        this.#later(() => void this.#execute(operation, request, signal).then(() => this.#break(call), call.fail));
        return;
      case "late":
        return this.#late(operation, request, call);
      case "duplicate": {
        const twice = () => this.#execute(operation, request, undefined);
        const both = [this.#laterDone(twice), this.#laterDone(twice)] as const;
        Promise.all(both).then(([first, second]) => this.#reply(call, this.#chance.next() < 0.5 ? first : second), call.fail);
        return;
      }
      default:
        this.#later(
          () => void this.#execute(operation, request, signal).then((response) => this.#reply(call, response), call.fail),
          mishap,
        );
    }
  }

  /** Is carried out when nobody waits for it any more. */
  #late(operation: string, request: WireRequest, call: Call): void {
    const { requestDeadlineMs, longestOperationMs } = this.#terms;
    let begun = false;
    const begin = () => {
      if (begun) return;
      begun = true;
      this.#time.after(
        this.#chance.next() * longestOperationMs,
        () => void this.#execute(operation, request, undefined).catch(() => undefined),
      );
    };
    void call.givenUp.then(begin);
    this.#time.after(requestDeadlineMs, begin);
    if (this.#chance.next() < 0.5) this.#later(() => call.fail(broken(true)));
  }

  async #execute(operation: string, request: WireRequest, signal: AbortSignal | undefined): Promise<WireResponse> {
    const waits = request.headers[WAIT_HEADER] !== undefined;
    const response = await this.#server.handle(request, waits ? signal : undefined);
    await this.#events.carriedOut(this.#process, operation, request, response);
    return response;
  }

  #reply(call: Call, response: WireResponse): void {
    this.#later(() => {
      if (this.cut !== "silent" && this.cut !== "deaf") call.answer(response);
    });
  }

  #break(call: Call): void {
    if (this.#chance.next() < 0.5) this.#later(() => call.fail(broken(true)));
  }

  #later(run: () => void, mishap?: Mishap): void {
    const slow = mishap === "delay" || this.#chance.next() < 0.02;
    this.#time.after(0.2 + this.#chance.next() * (slow ? 400 : 8), run);
  }

  #laterDone<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => this.#later(() => void act().then(resolve, reject)));
  }

  #mishap(operation: string): Mishap | undefined {
    if (operation === "BatchWriteRow" && this.lateWrites > 0 && this.#chance.next() < this.lateWrites) return "late";
    let left = this.#chance.next();
    for (const mishap of mishaps) {
      left -= this.weather[mishap] ?? 0;
      if (left < 0) return mishap;
    }
    return undefined;
  }
}

/** A request as its sender waits for it. */
interface Call {
  readonly givenUp: Promise<void>;
  readonly answer: (response: WireResponse) => void;
  readonly fail: (error: Error) => void;
}

function broken(sent: boolean): TransportError {
  return new TransportError("TF_CONNECTION", sent, { message: "the connection broke" });
}
