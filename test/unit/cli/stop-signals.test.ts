import { createColors } from "picocolors";
import { expect, test } from "vitest";
import { hasCode } from "../../../src/base/error.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { Invocation, type OptionValue } from "../../../src/cli/invocation.ts";
import { stopOnInterrupt } from "../../../src/cli/stop-signals.ts";

function started(options: Readonly<Record<string, OptionValue>> = {}) {
  const seen = { err: "", exits: [] as number[], tidied: 0, listening: 0 };
  let press: (name: NodeJS.Signals) => void = () => {};
  const invocation = new Invocation(
    {
      terminal: {
        outIsScreen: false,
        errIsScreen: false,
        width: 100,
        paint: createColors(false),
        errPaint: createColors(false),
        out: async () => {},
        err: (text) => void (seen.err += text),
        errStream: process.stderr,
        canAsk: false,
        ask: async () => undefined,
        lines: async function* () {},
      },
      env: {},
      folder: import.meta.dirname,
      clock: new VirtualClock(),
      onInterrupt: (listener) => {
        press = listener;
        seen.listening++;
        return () => void seen.listening--;
      },
      exit: (code) => void seen.exits.push(code),
    },
    [],
    options,
  );
  const stopping = stopOnInterrupt(invocation, "Stopping at the next checkpoint.", () => void seen.tidied++);
  return { seen, stopping, press: (name: NodeJS.Signals) => press(name) };
}

test("the first interrupt asks for a stop and says so; the process lives on", () => {
  const { seen, stopping, press } = started();
  press("SIGINT");
  expect(hasCode(stopping.signal.reason, "TF_ABORTED")).toBe(true);
  expect(seen).toMatchObject({ err: "Stopping at the next checkpoint.\n", exits: [], tidied: 0 });
});

test("the second one ends the process at once, the screen tidied first", () => {
  const { seen, press } = started();
  press("SIGINT");
  press("SIGTERM");
  expect(seen).toMatchObject({ exits: [130], tidied: 1 });
});

test("machines are told in JSON", () => {
  const { seen, press } = started({ json: true });
  press("SIGINT");
  expect(JSON.parse(seen.err)).toEqual({ type: "note", text: "Stopping at the next checkpoint." });
});

test("once ended nobody listens any more", () => {
  const { seen, stopping } = started();
  expect(seen.listening).toBe(1);
  stopping.end();
  expect(seen.listening).toBe(0);
});
