import { describe, expect, test } from "vitest";
import { linearPattern } from "../../../src/store/linear-pattern.ts";

describe("a client's pattern", () => {
  test("takes its first group, or the whole match", () => {
    expect(linearPattern("id=(\\d+);").exec("xx id=123; yy")?.[1]).toBe("123");
    expect(linearPattern("^[a-c]{2,5}").exec("abcd")?.[0]).toBe("abc");
    expect(linearPattern("q").exec("abcd")).toBe(null);
  });

  test.each(["(a+)+$", "(a|a)*$", "(.*)*b", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "%s takes no more than its time on a text made against it",
    (pattern) => {
      const started = performance.now();
      linearPattern(pattern).exec(`${"a".repeat(50_000)}!`);
      // A pattern that is tried again and again would take longer than the age of the universe.
      expect(performance.now() - started).toBeLessThan(5000);
    },
  );

  test.each(["(a", "[z-a]", "a{2,1}", "(?=a)b", "(a)\\1", "(a{1000}){1000}"])("%s is refused", (pattern) => {
    expect(() => linearPattern(pattern)).toThrow(
      expect.objectContaining({ code: "OTSParameterInvalid", text: "Deserialize filter failed." }),
    );
  });
});
