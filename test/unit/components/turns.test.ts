import { expect, test } from "vitest";
import { Turns } from "../../../components/provider/turns.ts";

/** A task that ends when told. */
function task(turns: Turns, log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const result = turns.take(
    async () => {
      log.push(`${name} begins`);
      await promise;
    },
    () => log.push(`${name} waits`),
  );
  return { end: resolve, fail: reject, result };
}

test("as many as there are places run at once, the others begin in the order they came", async () => {
  const [turns, log]: [Turns, string[]] = [new Turns(2), []];
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => task(turns, log, name));
  expect(log).toEqual(["a begins", "b begins", "c waits", "d waits"]);
  b!.end();
  await b!.result;
  await Promise.resolve();
  expect(log.at(-1)).toBe("c begins");
  a!.end();
  c!.end();
  d!.end();
  await Promise.all([a!.result, c!.result, d!.result]);
  expect(log.at(-1)).toBe("d begins");
});

test("a task that fails gives its place back", async () => {
  const [turns, log]: [Turns, string[]] = [new Turns(1), []];
  const [a, b] = [task(turns, log, "a"), task(turns, log, "b")];
  a.fail(new Error("no"));
  await expect(a.result).rejects.toThrow("no");
  b.end();
  await b.result;
  expect(log).toEqual(["a begins", "b waits", "b begins"]);
});
