import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { hasTag } from "../../http/reply/etag.ts";
import { HubError } from "../../index.ts";
import { pathOf, type Refuse } from "./page.ts";

const PATH = "/artesian.js";

interface Script {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Answers `/artesian.js` with the client for pages without a bundler. Pages of all origins may read
 * the file, which the browser's check of `integrity` needs. The tag is that hash.
 *
 * @returns A function that returns whether it has answered.
 * @see docs/reference/client.md, "Without a bundler"
 */
export function createClientScript(refuse: Refuse): (req: IncomingMessage, res: ServerResponse) => boolean {
  let script: Promise<Script> | undefined;
  return (req, res) => {
    if (pathOf(req) !== PATH) return false;
    const answer = async (): Promise<void> => {
      if (req.method !== "GET" && req.method !== "HEAD") {
        res.setHeader("allow", "GET, HEAD");
        throw new HubError("method_not_allowed", "This file only answers GET.");
      }
      const { body, headers } = await (script ??= load());
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      if (hasTag(req.headers["if-none-match"], headers["etag"])) return void res.writeHead(304).end();
      res.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "content-length": body.length });
      res.end(req.method === "HEAD" ? undefined : body);
    };
    answer().catch((error: unknown) => refuse(req, res, error));
    return true;
  };
}

async function load(): Promise<Script> {
  const body = await readFile(createRequire(import.meta.url).resolve("artesian-client/artesian.js"));
  const headers = {
    etag: `"sha384-${createHash("sha384").update(body).digest("base64")}"`,
    "cache-control": "public, no-cache",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
  };
  return { body, headers };
}
