import { beforeEach, describe, expect, test } from "vitest";
import { dynamicProvider } from "../../../components/provider/dynamic-provider.ts";
import { PartialFailure, type Handlers, type Properties } from "../../../components/provider/handlers.ts";
import { testSubject, type TestSubject } from "./subject.ts";

const hidden = { __provider: "exports.handler = …", __self: { urn: "urn:pulumi:dev::p::t::move", name: "move", dryRun: true } };
const kept = { __provider: hidden.__provider, __self: { urn: hidden.__self.urn, name: "move" } };

let subject: TestSubject;
let seen: unknown[];

beforeEach(() => {
  subject = testSubject("/project");
  seen = [];
});

/** Handlers that write down what they are given; each test replaces the one it is about. */
const provider = (changes: Partial<Handlers>) => {
  const note =
    <Result>(result: Result) =>
    (...given: unknown[]): Promise<Result> => {
      seen.push(...given.slice(0, -1));
      return Promise.resolve(result);
    };
  const handlers: Handlers = {
    check: ({ asked }) => Promise.resolve({ inputs: asked, failures: [] }),
    diff: note({ changes: false }),
    create: note({ id: "1", outputs: { rows: 3 } }),
    update: note<Properties>({ rows: 4 }),
    read: note(undefined),
    delete: note(undefined),
    ...changes,
  };
  return dynamicProvider(handlers, ["source"], () => subject);
};

describe("check", () => {
  test("takes in what the program gives and keeps only the URN of what it was told beside it", async () => {
    const { check } = provider({
      check: ({ asked, before, name }) => Promise.resolve({ inputs: { ...asked, port: 7, had: before, name }, failures: [] }),
    });
    const { inputs } = await check({ ...kept, source: "a" }, { ...hidden, source: "b" });
    expect(inputs).toEqual({ source: "b", port: 7, had: { source: "a" }, name: "move", __self: kept.__self });
  });

  test("what is called by default keeps its first name when the resource is renamed", async () => {
    const { check } = provider({ check: ({ name }) => Promise.resolve({ inputs: { name }, failures: [] }) });
    const renamed = { ...hidden, __self: { ...hidden.__self, name: "relocate" } };
    const first = (await check({}, hidden)).inputs;
    expect([first["name"], (await check(first, renamed)).inputs["name"]]).toEqual(["move", "move"]);
  });

  test("what is made anew has no inputs from before", async () => {
    const { check } = provider({ check: ({ before }) => Promise.resolve({ inputs: { new: before === undefined }, failures: [] }) });
    expect((await check({}, hidden)).inputs).toMatchObject({ new: true });
  });

  const plan = () => Promise.resolve(["reads a", "in all: 3 rows"]);

  test("prints the plan on the resource's row in a preview that changes something, the summary last", async () => {
    await provider({ plan }).check({ ...kept, source: "a" }, { ...hidden, source: "b" });
    expect(subject.lines).toEqual(["say: reads a", "say: in all: 3 rows"]);
  });

  test.each([
    ["when nothing changes", { ...kept, source: "b" }, { ...hidden, source: "b" }],
    ["in the update that follows the preview", kept, { ...hidden, source: "b", __self: { ...hidden.__self, dryRun: false } }],
  ])("prints nothing %s", async (_title, olds, news) => {
    await provider({ plan }).check(olds, news);
    expect(subject.lines).toEqual([]);
  });

  test("prints nothing, and reports, when the inputs are wrong", async () => {
    const failures = [{ property: "source", reason: "source: missing" }];
    const { check } = provider({ plan, check: ({ asked }) => Promise.resolve({ inputs: asked, failures }) });
    expect((await check({}, hidden)).failures).toEqual(failures);
    expect(subject.lines).toEqual([]);
  });

  test("whatever it throws is a failure of the resource, not a stack trace", async () => {
    const { check } = provider({ check: () => Promise.reject(new Error("TF_IO: no such file")) });
    expect(await check({}, hidden)).toEqual({
      inputs: { __self: kept.__self },
      failures: [{ property: "", reason: "TF_IO: no such file" }],
    });
  });
});

describe("create and update", () => {
  test("echo the inputs, because diff is given outputs", async () => {
    expect(await provider({}).create({ ...kept, source: "a" })).toEqual({ id: "1", outs: { ...kept, source: "a", rows: 3 } });
    expect(await provider({}).update("1", { ...kept, source: "a", rows: 3 }, { ...kept, source: "b" })).toEqual({
      outs: { ...kept, source: "b", rows: 4 },
    });
  });

  test("a failure of a thing that exists carries its id, its properties and the provider", async () => {
    const { create } = provider({
      create: () => Promise.reject(new PartialFailure("1", { rows: 2, spare: undefined }, new Error("TF_STOPPED: stopped"))),
    });
    await expect(create({ ...kept, source: "a" })).rejects.toMatchObject({
      message: "TF_STOPPED: stopped",
      id: "1",
      properties: { ...kept, source: "a", rows: 2 },
      reasons: ["TF_STOPPED: stopped"],
    });
  });

  test("a failure of a thing that does not exist records nothing", async () => {
    const { create } = provider({ create: () => Promise.reject(new Error("TF_IO: disk full")) });
    await expect(create({ ...kept })).rejects.toSatisfy((error: object) => !("id" in error));
  });

  test("a result that Pulumi could not store is refused by name", async () => {
    const { create } = provider({ create: () => Promise.resolve({ id: "1", outputs: { rows: 3n } }) });
    await expect(create({ ...kept })).rejects.toThrow("rows: a bigint");
  });
});

describe("diff", () => {
  test("compares without internal keys, so that another provider text or URN is no change", async () => {
    await provider({}).diff("1", { ...kept, source: "a", rows: 3 }, { __provider: "other", __self: { urn: "other" }, source: "a" });
    expect(seen).toEqual([{ id: "1", before: { source: "a", rows: 3 }, now: { source: "a" } }]);
  });
});

describe("refresh", () => {
  test("what is gone has no id", async () => {
    expect(await provider({}).read("1", { ...kept })).toEqual({ id: "", props: {} });
  });

  test("drift shows in the outputs and, where the handler says so, in the inputs", async () => {
    const { read } = provider({ read: () => Promise.resolve({ outputs: { rows: 5 }, inputs: { source: "c" } }) });
    expect(await read("1", { ...kept, source: "a", rows: 3 })).toEqual({
      id: "1",
      props: { ...kept, source: "c", rows: 5 },
      inputs: { ...kept, source: "c" },
    });
  });

  test("an error shows its message once, without a stack", async () => {
    const { read } = provider({ read: () => Promise.reject(new Error("TF_CONNECTION: nobody there")) });
    await expect(read("1", { ...kept })).rejects.toMatchObject({ message: "TF_CONNECTION: nobody there", stack: "" });
  });
});
