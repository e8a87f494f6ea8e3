import { describe, expect, test } from "vitest";
import { markerColumn } from "../../../../src/connector/engine-column.ts";
import type { SourceChange } from "../../../../src/connector/change.ts";
import type { UpdateCell } from "../../../../src/model/row.ts";
import { keyEvents } from "../../../../src/sync/two-way/key-event.ts";
import { markerText, marks, readMarker, type Marker } from "../../../../src/sync/two-way/marker.ts";

const key = [{ name: "id", value: "k" }];
const put = (name: string, value: string | bigint | number, timestamp = 1000): UpdateCell => ({ op: "put", name, value, timestamp });
const marker: Marker = { op: "write", site: "A", seq: 1_000_000, time: 1000, nonce: "abc" };
const cells = [put("a", "x"), put("b", 1n)];
const text = markerText(marker, key, cells);
const marked = (of: readonly UpdateCell[], value = text): UpdateCell[] => [...of, put(markerColumn, value, 2000)];
const change = (type: SourceChange["type"], of: readonly UpdateCell[], more: Partial<SourceChange> = {}): SourceChange => ({
  ...{ type, key, cells: of, committedAt: 5_000_000 },
  ...more,
});

describe("a marker", () => {
  test("is read as it was written", () => {
    expect(readMarker(text)).toMatchObject(marker);
  });

  test.each(["", "write:A:1:2:n:short", `${text} `, 5])("is none of ours as %j", (value) => {
    expect(readMarker(value)).toBeUndefined();
  });

  test("marks its own cells in any order", () => {
    expect(marks(readMarker(text)!, key, cells.toReversed())).toBe(true);
  });

  test.each([
    ["another value", [put("a", "y"), put("b", 1n)]],
    ["another type", [put("a", "x"), put("b", 1)]],
    ["another timestamp", [put("a", "x", 1001), put("b", 1n)]],
    ["a column less", [put("a", "x")]],
    ["a deletion instead", [put("a", "x"), { op: "deleteAll", name: "b" }]],
  ] as const)("does not mark %s", (_what, others) => {
    expect(marks(readMarker(text)!, key, others)).toBe(false);
  });

  test("does not mark another row", () => {
    expect(marks(readMarker(text)!, [{ name: "id", value: "l" }], cells)).toBe(false);
  });
});

describe("a record", () => {
  test("with a marker of its very cells is an echo, of which nothing need be done", () => {
    expect(keyEvents([change("update", marked(cells))])).toEqual({ events: [], echoes: 1 });
  });

  test("of a row that an application wrote back with the marker it had read is a change", () => {
    const written = marked([put("a", "x", 5000), put("b", 1n, 5000)]);
    const { events, echoes } = keyEvents([change("put", written)]);
    expect(echoes).toBe(0);
    expect([...events[0]!.columns.keys()]).toEqual(["a", "b"]);
  });

  test("of a deletion that its old image announced is an echo, and the row is looked at again", () => {
    const announced = markerText({ ...marker, op: "delete" }, key, []);
    const { events, echoes } = keyEvents([change("delete", [], { origin: [{ name: markerColumn, value: announced }] })]);
    expect(echoes).toBe(1);
    expect(events).toMatchObject([{ wide: true, rowDied: undefined, rowLeft: "unknown" }]);
  });

  test("of a deletion whose old image is that of a write is an application's", () => {
    const { events } = keyEvents([change("delete", [], { origin: [{ name: markerColumn, value: text }] })]);
    expect(events).toMatchObject([{ wide: true, rowDied: { time: 5000, commit: 5_000_000 }, rowLeft: "gone" }]);
  });

  test("of base data is never an echo, and puts nothing away", () => {
    const { events } = keyEvents([change("put", marked(cells), { committedAt: undefined })]);
    expect(events).toMatchObject([{ wide: false, put: undefined }]);
  });

  test("is forgotten where a deletion of the same window comes behind it", () => {
    const { events } = keyEvents([change("update", [put("a", "x")]), change("delete", [], { committedAt: 5_000_001 })]);
    expect(events[0]!.columns.get("a")).toEqual({ said: undefined, died: undefined, left: "gone" });
  });

  test("is kept where the engine's deletion comes behind it, which may have hit what it was not meant for", () => {
    const announced = markerText({ ...marker, op: "delete" }, key, []);
    const echo = change("delete", [], { origin: [{ name: markerColumn, value: announced }], committedAt: 5_000_001 });
    const { events } = keyEvents([change("update", [put("a", "x")]), echo]);
    expect(events[0]!.columns.get("a")).toMatchObject({ said: { value: "x" }, left: "gone" });
  });
});
