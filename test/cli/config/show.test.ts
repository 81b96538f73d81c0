import { describe, expect, test } from "vitest";
import { withoutSecrets } from "../../../packages/hub/src/cli/config/hidden.ts";
import { resolveConfig } from "../../../packages/hub/src/cli/config/load.ts";
import { KEYS } from "../../../packages/hub/src/cli/config/settings.ts";
import { show } from "../../../packages/hub/src/cli/config/show.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../support/directory.ts";

/** Stands in each part of a URL that is to be hidden. */
const WORD = "pass-word";

describe("shown settings", () => {
  test("have no user, password, query or fragment of a URL", () => {
    const cwd = temporaryDirectory();
    const url = (host: string): string => `https://${WORD}:${WORD}@${host}/path?${WORD}&a=${WORD}#${WORD}`;
    const settings = {
      issuer: url("issuer.example"),
      resourceIdentifier: url("resource.example"),
      jwtKey: url("jwks.example"),
      journal: `redis://${WORD}:${WORD}@redis.example?sentinelPassword=${WORD}`,
      issuers: [
        { issuer: url("other.example"), keys: [{ algorithms: ["ES256"], jwksUrl: url("other-jwks.example") }] },
        { issuer: `urn:${WORD}@urn.example?${WORD}`, keys: [{ algorithms: ["HS256"], secret: `${WORD} of thirty-two bytes or more` }] },
      ],
    };
    writeFileSync(join(cwd, "artesian.json"), JSON.stringify(settings));
    const { config, problems } = resolveConfig({ flags: {}, env: {}, cwd });
    expect(problems).toEqual([]);
    if (config === undefined) return;
    const shown = JSON.stringify([...KEYS, "issuers" as const].map((key) => show(key, config)));
    expect(shown).not.toContain(WORD);
    for (const host of ["issuer", "resource", "jwks", "redis", "other", "other-jwks", "urn"]) expect(shown).toContain(`${host}.example`);
  });

  test.each([
    ["https://a.example/path", "https://a.example/path"],
    ["https://user:a@b@a.example?", "https://(hidden)@a.example?(hidden)"],
    ["https://a.example?key#part?", "https://a.example?(hidden)#(hidden)"],
    ["https://a.example#part?", "https://a.example#(hidden)"],
    ["urn:uuid:6c1f", "urn:uuid:6c1f"],
    ["/var/lib/a@b?c#d", "/var/lib/a@b?c#d"],
    ["127.0.0.1", "127.0.0.1"],
  ])("%j becomes %j", (text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });
});
