import { describe, expect, it } from "vitest";
import { LargeTurns } from "../../../../src/server/http/large-turns.ts";

describe("large requests", () => {
  it("have a turn of the event loop each, in the order in which they came", async () => {
    const turns = new LargeTurns();
    let turn = 0;
    let counting = true;
    const count = () => {
      turn++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const order: [string, number][] = [];
    await Promise.all(["a", "b", "c"].map((name) => turns.take().then(() => order.push([name, turn]))));
    counting = false;
    expect(order.map(([name]) => name)).toEqual(["a", "b", "c"]);
    expect(new Set(order.map(([, at]) => at)).size).toBe(3);
  });

  it("that come later have their turn too", async () => {
    const turns = new LargeTurns();
    for (let i = 0; i < 3; i++) await turns.take();
    await Promise.all([turns.take(), turns.take()]);
    await turns.take();
  });
});
