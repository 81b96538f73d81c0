import { readFileSync } from "node:fs";
import { ERROR_CODES } from "artesian";
import { STATUS_BY_CODE } from "artesian/http";
import { describe, expect, it } from "vitest";
import { flagOf, KEYS, SETTINGS, variableOf } from "../../src/cli/config/settings.ts";

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

describe("the documentation", () => {
  it("lists every error code with its meaning and status, and no other", () => {
    const rows = [...read("errors.md").matchAll(/^\| `(\w+)` +\| (\d+) +\| (.+?) +\|/gm)].map(([, code, status, meaning]) => [
      code,
      Number(status),
      meaning,
    ]);
    expect(rows).toEqual(
      Object.entries(ERROR_CODES).map(([code, meaning]) => [code, STATUS_BY_CODE[code as keyof typeof ERROR_CODES], meaning]),
    );
  });

  it("lists every setting with its flag, variable and default, and no other", () => {
    const rows = [...read("configuration.md").matchAll(/^\| `(--[\w-]+)[^`]*` +\| `(\w+)` +\| (.+?) +\|/gm)].map(
      ([, flag, variable, shown]) => [flag, variable, shown?.replace("&lt;", "<")],
    );
    expect(rows).toEqual(
      KEYS.map((key) => [flagOf(key), variableOf(key), SETTINGS[key].shown ?? `${SETTINGS[key].fallback as string | number | boolean}`]),
    );
  });
});
