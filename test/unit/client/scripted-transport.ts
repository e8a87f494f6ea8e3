import { seededChance } from "../../../src/base/chance.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { Caller, type CallerOptions } from "../../../src/client/call.ts";
import { defaultRetry } from "../../../src/client/retry.ts";
import { encodeErrorBody } from "../../../src/wire/error-body.ts";
import { signedResponse } from "../../../src/wire/headers.ts";
import type { Transport, WireRequest, WireResponse } from "../../../src/wire/transport.ts";

export const accessKey = { id: "ak", secret: "sk" };

/** One step of a script: what the other side answers to the next request, or how it fails to. */
export type Step = (request: WireRequest, signal: AbortSignal | undefined) => WireResponse | Promise<WireResponse>;

export const answers =
  (body: Uint8Array): Step =>
  (request) =>
    signedResponse(request.path, 200, body, "0001-test", 0, accessKey);

export const refuses =
  (status: number, code: string, text = "text"): Step =>
  (request) =>
    signedResponse(request.path, status, encodeErrorBody(code, text), "0002-test", 0, accessKey);

export const throws =
  (error: unknown): Step =>
  () => {
    throw error;
  };

/** Never answers; rejects with the signal's reason as a transport must. */
export const hangs: Step = (_request, signal) =>
  new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** A caller on a virtual clock whose transport plays the steps in order; more requests than steps are an error of the test. */
export function scripted(steps: readonly Step[], options: Partial<CallerOptions> = {}) {
  const clock = new VirtualClock();
  const requests: WireRequest[] = [];
  const sentAt: number[] = [];
  const transport: Transport = async (request, signal) => {
    const step = steps[requests.length];
    requests.push(request);
    sentAt.push(clock.monotonic());
    if (step === undefined) throw new Error("the script has no further step");
    return await step(request, signal);
  };
  const caller = new Caller({
    transport,
    instance: "inst",
    credentials: () => accessKey,
    clock,
    chance: seededChance(1),
    retry: defaultRetry,
    timeoutMs: 1000,
    checkResponses: true,
    guarded: false,
    ...options,
  });
  return { caller, clock, requests, sentAt, transport };
}

/** Lets virtual time pass until the call has settled. */
export async function settled<Result>(clock: VirtualClock, call: Promise<Result>): Promise<Result> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  call.then(mark, mark);
  for (let i = 0; i < 10_000; i++) {
    await clock.advance(5);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    if (done) break;
  }
  return await call;
}
