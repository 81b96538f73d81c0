import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../../support/server.ts";
import type { Case, Plan, Seen } from "./case.ts";

/** A site with a page and the streams of all cases, and the same streams at another origin. */
export interface Site {
  readonly origin: string;
  /** The case's plan with its URLs in place. */
  planOf(index: number): Plan;
  /** The reports that the case expects, with its origin in place. */
  expectedOf(index: number): readonly string[];
}

/** Serves the streams at `/INDEX/stream`. The first run of a case begins with its first request. */
export async function serveCases(cases: readonly Case[], script = ""): Promise<Site> {
  const counts = new Map<string, number>();
  const preflights = new Map<string, string[]>();

  function answer(req: IncomingMessage, res: ServerResponse): void {
    const url = new URL(req.url ?? "/", `http://${req.headers.host}`);
    if (url.pathname === "/script.js") return void res.setHeader("content-type", "text/javascript").end(script);
    const key = /^\/(\d+)\//.exec(url.pathname)?.[1];
    const found = key === undefined ? undefined : cases[Number(key)];
    if (key === undefined || found === undefined) return void res.setHeader("content-type", "text/html").end("<!doctype html>");
    const asked = preflights.get(key) ?? [];
    preflights.set(key, asked);
    const n = counts.get(key) ?? 0;
    if (req.method === "OPTIONS") {
      const fields = req.headers["access-control-request-headers"] ?? "";
      asked.push(fields);
      return void res.writeHead(204, { "access-control-allow-origin": req.headers.origin, "access-control-allow-headers": fields }).end();
    }
    counts.set(key, n + 1);
    const {
      status = 200,
      type = "text/event-stream",
      headers,
      body = "",
      stays = false,
    } = found.answer({
      n,
      url,
      headers: req.headers as Seen["headers"],
      preflights: asked,
    });
    res.writeHead(status, { ...(type === "" ? {} : { "content-type": type }), ...headers });
    if (stays) res.write(body);
    else res.end(body);
  }

  const [origin, other] = await Promise.all([listen(createServer(answer)), listen(createServer(answer))]);
  return {
    origin,
    planOf(index) {
      const plan = (cases[index] as Case).plan;
      const path = `${index}/stream`;
      const full = `${plan.crossOrigin === true ? other : origin}/${path}`;
      const url = "url" in plan ? plan.url : full;
      return { ...plan, url: typeof url === "string" ? url.replace("PATH", path) : url };
    },
    expectedOf(index) {
      const { plan, reports } = cases[index] as Case;
      return reports.map((report) =>
        report.replace("ORIGIN", plan.crossOrigin === true ? other : origin).replace("PATH", `${index}/stream`),
      );
    },
  };
}
