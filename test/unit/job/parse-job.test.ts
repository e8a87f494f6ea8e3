import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../src/base/error.ts";
import { parseJob } from "../../../src/job/parse-job.ts";

const minimal = `
name: zipcodes
source:
  type: file
  path: zipcodes.csv
target:
  type: table-store
  endpoint: http://127.0.0.1:8080
  instance: legacy
  table: zipcodes
`;

/** The one error that a wrong text gives. */
function errorOf(text: string | object): TableferryError {
  try {
    parseJob(text, "job.yaml");
  } catch (error) {
    if (error instanceof TableferryError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("defaults", () => {
  test("a minimal job is a migration with every default filled in", () => {
    expect(parseJob(minimal)).toEqual({
      kind: "migration",
      version: 1,
      name: "zipcodes",
      source: { type: "file", path: "zipcodes.csv", header: true, encoding: "utf8", empty: "absent" },
      target: {
        type: "table-store",
        endpoint: "http://127.0.0.1:8080",
        instance: "legacy",
        table: "zipcodes",
        credentials: { env: "TABLESTORE" },
      },
      versions: "latest",
      limits: { inFlightBytes: 33_554_432, workers: 4, writesInFlight: 8 },
      verify: { coverage: "all", onMismatch: "fail", maskValues: false, list: 100, rounds: 3, roundSeconds: 1, unsettledAllowed: 0 },
      rejects: { allowed: 0, onReject: "continue" },
      quiescent: true,
      onTargetNotEmpty: "refuse",
      leaseSeconds: 10,
    });
  });

  test("JSON and objects read alike", () => {
    const object = parseJob(minimal);
    expect(parseJob(JSON.stringify(object))).toEqual(object);
    expect(parseJob(object)).toEqual(object);
  });
});

describe("wrong fields", () => {
  test("all are named in one error, each with its line, its path and what was expected", () => {
    const error = errorOf(`name: "two words"
source:
  tpye: file
  path: zipcodes.csv
target:
  type: table-store
  endpoint: ftp://somewhere
  table: zipcodes
limits:
  workers: many
  wrokers: 2
filter:
  - column: state
    is: "~"
`);
    expect(error.code).toBe("TF_SPEC_INVALID");
    expect(error.sentence.split("\n  ")).toEqual([
      "7 fields are wrong",
      'job.yaml:1 name: expected 1 to 100 letters, digits, `.`, `_` or `-`, beginning with a letter or digit; found "two words"',
      "job.yaml:3 source.tpye: unknown field; did you mean `type`?",
      "job.yaml:5 target.instance: missing; expected a text",
      'job.yaml:7 target.endpoint: expected http(s)://host[:port] of the instance; found "ftp://somewhere"',
      'job.yaml:10 limits.workers: expected a number; found "many"',
      "job.yaml:11 limits.wrokers: unknown field; did you mean `workers`?",
      'job.yaml:14 filter[0].is: expected one of "=", "!=", ">", ">=", "<", "<=", "exists", "absent"; found "~"',
    ]);
    expect(error.place).toBe("job.yaml:1");
  });

  test("an unknown field of a union is read as the branch it is nearest to", () => {
    const error = errorOf(`${minimal}  credentials:\n    evn: SHOP\n`);
    expect(error.sentence).toContain("job.yaml:12 target.credentials.evn: unknown field; did you mean `env`?");
    expect(error.sentence).toContain("1 field is wrong");
    expect(error.sentence).not.toContain("chain");
  });

  test("an unknown field without a near name lists the known ones", () => {
    expect(errorOf(`${minimal}rejects:\n  colour: 1\n`).sentence).toContain(
      "rejects.colour: unknown field; known are `allowed`, `onReject`",
    );
  });

  test("a misspelt rule of the mapping is found inside its union", () => {
    expect(errorOf(`${minimal}mapping:\n  columns:\n    lat: { form: latitude }\n`).sentence).toContain(
      "job.yaml:13 mapping.columns.lat.form: unknown field; did you mean `from`?",
    );
  });

  test("a text that is no YAML names its line", () => {
    expect(errorOf("name: a\nsource: [1, 2\ntarget: x").sentence).toMatch(/job\.yaml:3 /);
  });

  test("a field given twice is an error", () => {
    expect(errorOf(`${minimal}name: again\n`).sentence).toMatch(/job\.yaml:11 .*unique/);
  });

  test("a number that JSON cannot carry is refused, not rounded", () => {
    const error = errorOf(`${minimal}filter:\n  - { column: n, is: "=", value: 9007199254740993 }\n`);
    expect(error.sentence).toContain("filter[0].value: expected a number that JSON carries exactly");
  });

  test("something that is no job at all says so", () => {
    expect(errorOf("- 1\n").sentence).toContain("expected fields like name, source and target");
  });

  test("an object's problems are named by path alone", () => {
    expect(errorOf({ name: "a", source: { type: "file" }, target: { type: "file", path: "b.csv" } }).sentence).toContain(
      "job.yaml source.path: missing; expected a text: relative to the job file",
    );
  });
});

describe("contradictions", () => {
  test.each([
    ["a comparison without a value", `${minimal}filter:\n  - { column: n, is: "=" }\n`, "filter[0].value: missing"],
    [
      "a presence test with one",
      `${minimal}filter:\n  - { column: n, is: exists, value: 1 }\n`,
      "filter[0].value: `exists` takes no value",
    ],
    [
      "the source as its own target",
      "name: a\nsource: { type: file, path: a.csv }\ntarget: { type: file, path: a.csv }\n",
      "target: is the source itself",
    ],
    [
      "a certificate without verification",
      `${minimal}verify: { coverage: none, certificate: c.json }\n`,
      "verify.certificate: there is no certificate",
    ],
  ])("%s", (_, text, expected) => {
    expect(errorOf(text).sentence).toContain(expected);
  });
});

describe("secrets", () => {
  const secret = "Xy1".padEnd(30, "aB3c");
  test.each([
    ["an access key id", minimal.replace("zipcodes.csv", "LTAI5tFakeFakeFakeFake12"), "source.path"],
    ["an access key secret", minimal.replace("zipcodes.csv", secret), "source.path"],
    ["a password in the address", minimal.replace("http://127", "http://user:hunter2@127"), "target.endpoint"],
    ["a private key", `${minimal}verify:\n  signingKey: "-----BEGIN PRIVATE KEY----- abc"\n`, "verify.signingKey"],
  ])("%s is refused and not repeated", (_, text, path) => {
    const error = errorOf(text);
    expect(error.sentence).toMatch(new RegExp(`${path.replace(".", "\\.")}: looks like`));
    expect(error.message).not.toMatch(/LTAI5t|hunter2|BEGIN PRIVATE/);
    expect(error.message).not.toContain(secret);
    expect(error.wayOut).toContain("Take the secret out");
  });

  test("a field for a secret is refused with the way to name its source", () => {
    const error = errorOf(`${minimal}  credentials: { accessKeyId: abc, accessKeySecret: ${secret} }\n`);
    expect(error.sentence).toContain("credentials.accessKeySecret: secrets do not stand in a specification");
    expect(error.message).not.toContain(secret);
  });

  test("a row's value may look like a key by chance", () => {
    expect(parseJob(`${minimal}range:\n  from: [${secret}]\n`).range).toEqual({ from: [secret] });
  });
});
