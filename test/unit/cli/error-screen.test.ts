import fc from "fast-check";
import { createColors } from "picocolors";
import { describe, expect, test } from "vitest";
import { TableferryError } from "../../../src/base/error.ts";
import { exitCodes } from "../../../src/cli/exit-code.ts";
import { errorDocument, errorScreen } from "../../../src/cli/render/error-screen.ts";
import { ServiceError } from "../../../src/wire/service-error.ts";

const options = { paint: createColors(false), width: 100, self: "tableferry" };

describe("an error's screen", () => {
  test("has the code, the place, the way out and where to read more", () => {
    const error = new TableferryError("TF_SPEC_INVALID", { message: "1 field is wrong", place: "job.yaml:3", wayOut: "Correct it." });
    expect(errorScreen(error, options)).toEqual([
      "TF_SPEC_INVALID: 1 field is wrong",
      "  at       job.yaml:3",
      "  way out  Correct it.",
      "  more     tableferry errors TF_SPEC_INVALID",
    ]);
  });

  test("is at most 24 lines of 100 columns without control characters, whatever the message", () => {
    const text = fc.string({ unit: fc.constantFrom("a", " ", "\n", "\u001b", "杭"), maxLength: 6000 });
    fc.assert(
      fc.property(text, text, text, (message, place, wayOut) => {
        const lines = errorScreen(new TableferryError("TF_IO", { message, place, wayOut }), options);
        expect(lines.length).toBeLessThanOrEqual(24);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
        expect(lines.join("").includes("\u001b")).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test("keeps the way out when the message is long, and says what it left out", () => {
    const message = `9 fields are wrong\n${"  job.yaml:3 wrong\n".repeat(40)}`;
    const lines = errorScreen(new TableferryError("TF_SPEC_INVALID", { message, wayOut: "Correct them." }), options);
    expect(lines).toContain("  way out  Correct them.");
    expect(lines.join("\n")).toMatch(/… and \d+ lines more/);
  });

  test("of the service keeps its code and text and adds a way out", () => {
    const lines = errorScreen(new ServiceError(403, "OTSAuthFailed", "Signature mismatch.", "0005"), options);
    expect(lines[0]).toBe("OTSAuthFailed: Signature mismatch.");
    expect(lines.join("\n")).toContain("The secret does not belong to this access key id.");
    expect(lines.join("\n")).toContain("request 0005");
  });

  test("of something unforeseen says where it came from, without a stack", () => {
    const lines = errorScreen(new TypeError("x is not a function"), options);
    expect(lines[0]).toBe("TF_INTERNAL: x is not a function");
    expect(lines.join("\n")).toMatch(/at {7}error-screen\.test\.ts:\d+/);
    expect(lines.join("\n")).not.toContain("    at ");
  });

  test("suggests commands as the user can type them", () => {
    const error = new TableferryError("TF_USAGE", { message: "x", wayOut: "See `tableferry table list`." });
    expect(errorScreen(error, { ...options, self: "npm run tableferry --" }).join("\n")).toContain("`npm run tableferry -- table list`");
  });
});

test("an error for machines has the same parts and the exit code", () => {
  const error = new TableferryError("TF_IO", { message: "no space", place: "/x", wayOut: "Free some." });
  expect(errorDocument(error, exitCodes.failed)).toEqual({
    error: { code: "TF_IO", message: "no space", place: "/x", wayOut: "Free some.", exit: 1 },
  });
});
