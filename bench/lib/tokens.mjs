// Access tokens, as many as there are subscribers: each has its own, as in life.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { importArtesianHttp } from "./artesian.mjs";
import { atEnd } from "./processes.mjs";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://bench.example/hub";
export const ALGORITHM = "HS256";
const LIFETIME_SECONDS = 86_400;

/** @typedef {{ keyFile: string, publisher: string, subscribersFile: (options: { count: number, private: boolean }) => Promise<string> }} Tokens */

/** @type {Promise<Tokens> | undefined} */
let made;

/** A key, a token that may publish everything, and files of tokens that may subscribe; made once a run. */
export function accessTokens() {
  return (made ??= makeTokens());
}

async function makeTokens() {
  const { mintToken } = await importArtesianHttp();
  const folder = mkdtempSync(join(tmpdir(), "artesian-bench-tokens-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const secret = randomBytes(32).toString("hex");
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, secret, { mode: 0o600 });
  const common = { key: { secret, algorithm: ALGORITHM }, issuer: ISSUER, audience: AUDIENCE, lifetimeSeconds: LIFETIME_SECONDS };
  const publisher = await mintToken({ ...common, subject: "publisher", publish: [{ type: "exact", pattern: "*" }] });

  /** @type {Map<string, string>} */
  const files = new Map();
  /** @type {Tokens["subscribersFile"]} */
  const subscribersFile = async ({ count, private: own }) => {
    const name = `${count}-${own ? "own" : "all"}`;
    const known = files.get(name);
    if (known) return known;
    /** @type {string[]} */
    const tokens = [];
    for (let i = 0; i < count; i++) {
      const pattern = own ? privateTopic(i) : "*";
      tokens.push(
        await mintToken({
          ...common,
          subject: `subscriber-${i}`,
          subscribe: [{ topics: [{ type: "exact", pattern }], payload: undefined }],
        }),
      );
    }
    const file = join(folder, name);
    writeFileSync(file, `${tokens.join("\n")}\n`, { mode: 0o600 });
    files.set(name, file);
    return file;
  };
  return { keyFile, publisher, subscribersFile };
}

/** The topics of private updates, as the load generator names them. */
export const PRIVATE_TOPIC = "private-{group}";

/** @param {number} index */
const privateTopic = (index) => PRIVATE_TOPIC.replace("{group}", String(index).padStart(7, "0"));
