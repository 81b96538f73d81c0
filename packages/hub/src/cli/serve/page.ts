import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cors } from "../../http/reply/cors.ts";
import { problemReply } from "../../http/reply/problem.ts";
import { targetOf } from "../../http/request-target.ts";
import { HubError, type Logger } from "../../index.ts";
import { VERSION } from "../version.ts";

const STYLE = `
:root { color-scheme: light dark; --dim: light-dark(#5b6470, #9aa5b1); --edge: light-dark(#d8dee6, #343c46); --code: light-dark(#f3f6f9, #1b2027); }
body { margin: 0 auto; max-width: 46rem; padding: 2.5rem 1.25rem; font: 1rem/1.6 system-ui, sans-serif; background: light-dark(#fff, #12161b); color: light-dark(#1a1f26, #e6ebf0); }
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.05rem; }
pre { overflow-x: auto; padding: 0.9rem 1rem; border: 1px solid var(--edge); border-radius: 0.5rem; background: var(--code); }
code { font: 0.9rem/1.5 ui-monospace, monospace; }
.dim { color: var(--dim); }
`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  // The page has no script. This directive is for people who paste its lines into the browser's
  // console.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** A host and port in a URL's form. Any other `Host` field is not repeated on the page. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** Contents of the page. */
export interface PageOptions {
  /** The origin that clients use. Undefined shows the origin of the request. */
  readonly publicUrl: string | undefined;
  /** The origin that the server listens on. */
  readonly listenUrl: string;
  /** The hub's path. */
  readonly path: string;
  /** Whether subscribers, and publishers, need no token. */
  readonly anonymous: boolean;
  readonly anonymousPublish: boolean;
  readonly refuse: Refuse;
}

/** Answers a request with a problem document, like the hub. */
export type Refuse = (req: IncomingMessage, res: ServerResponse, error: unknown) => void;

/** Answers `/` with a page that describes the server and its use, and every other path with 404. */
export function createPage(options: PageOptions): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    if (pathOf(req) !== "/") {
      const problem = new HubError("not_found", `Nothing is served here. The hub is at ${options.path} and at /events/stream.`);
      options.refuse(req, res, problem);
    } else if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("allow", "GET, HEAD");
      const problem = new HubError("method_not_allowed", "This page only answers GET. To publish, send a POST to /events/stream.");
      options.refuse(req, res, problem);
    } else {
      const { host = "" } = targetOf(req);
      const html = render(options.publicUrl ?? (HOST.test(host) ? `${schemeOf(req)}://${host}` : options.listenUrl), options);
      res.writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "content-length": Buffer.byteLength(html),
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
      res.end(req.method === "HEAD" ? undefined : html);
    }
  };
}

/** The scheme of the connection that a request came over. */
export function schemeOf({ socket }: IncomingMessage): "http" | "https" {
  return "encrypted" in socket ? "https" : "http";
}

/** The path of a request, without its query. */
export function pathOf(req: IncomingMessage): string {
  return targetOf(req).pathname.replace(/#.*$/s, "");
}

/** Makes refusals that pages of the listed origins can read. */
export function createRefuse(cors: Cors, logger: Logger): Refuse {
  return (req, res, error) => {
    const { status, headers, body } = problemReply(error, logger);
    const crossOrigin = cors.headers(req.headers.origin);
    res.writeHead(status, { ...headers, ...crossOrigin, "content-length": Buffer.byteLength(body) }).end(body);
  };
}

/**
 * Lets pages of the listed origins read an app's refusal. An app's other answers, such as a token,
 * are for its own pages.
 */
export function shareRefusal(answer: Response, request: Request, cors: Cors): Response {
  if (answer.status < 400) return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(cors.headers(request.headers.get("origin") ?? undefined))) {
    if (name === "Vary") headers.append(name, value);
    else headers.set(name, value);
  }
  return new Response(answer.body, { status: answer.status, headers });
}

const TOKEN_HELP = `<h2>Get a token</h2>
<pre><code>export TOKEN=$(artesian token mint --publish '*' --subscribe '*')</code></pre>
`;

const COOKIE_HELP = `<p>Your server gives the page its token in a cookie, or the page sends it with <code>fetch</code>.</p>
`;

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(origin: string, { path, anonymous, anonymousPublish }: PageOptions): string {
  const stream = escape(`${origin}/events/stream`);
  const bearer = `-H "Authorization: Bearer $TOKEN" `;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Artesian</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<main>
<h1>Artesian</h1>
<p>This is a hub that pushes live data to browsers. It is running. <span class="dim">Version ${escape(VERSION)}</span></p>
${anonymous && anonymousPublish ? "" : TOKEN_HELP}<h2>Publish an update</h2>
<pre><code>curl ${anonymousPublish ? "" : bearer}-d topic=greeting -d 'data=Hello, world!' ${stream}</code></pre>
<h2>Receive updates in a page</h2>
${anonymous ? "" : COOKIE_HELP}<pre><code>const events = new EventSource("${stream}?match=greeting"${anonymous ? "" : ", { withCredentials: true }"});
events.onmessage = (event) =&gt; console.log(event.data);</code></pre>
<h2>Receive updates in a terminal</h2>
<pre><code>curl ${anonymous ? "" : bearer}-N ${stream}</code></pre>
<p>Administrators see what it does in <a href="/console">the console</a>.</p>
<p class="dim">The hub speaks the Mercure protocol at <code>${escape(origin + path)}</code>; <code>/events/stream</code> is the
same hub, where leaving out the topic means every topic.</p>
</main>
</html>
`;
}
