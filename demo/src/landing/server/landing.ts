import type { Logger } from "artesian";
import { isFromOwnPage } from "artesian/command";

/** Where the landing page asks about the process, and has it killed. */
const PATH = "/demo/server";
const KILL_PATH = `${PATH}/kill`;

/**
 * How long a process must have run before it may be killed, in milliseconds. Each kill begins a new
 * process, so this is the pause between two kills for all visitors together. The supervisor
 * restarts a process that ran for this long at once.
 */
export const LEAST_AGE_MS = 10_000;

/** How long the answer has to leave before the process ends, in milliseconds. */
const ANSWER_MS = 100;

/** Why this process can't be killed: its journal would be lost, or nothing would start it again. */
export type CannotKill = "memory" | "single";

export interface LandingOptions {
  /** Undefined if a supervisor replaces this process. */
  readonly cannotKill: CannotKill | undefined;
  /** The address at which others reach the server. Undefined if there is none. */
  readonly publicUrl: string | undefined;
  readonly logger: Logger;
  /** Ends this process. Default: by SIGKILL. */
  readonly kill?: () => void;
  /** The age of this process, in milliseconds. Default: that of Node. */
  readonly ageMs?: () => number;
}

/** The landing page's server part. */
export interface Landing {
  handles(pathname: string): boolean;
  fetch(request: Request): Promise<Response>;
  close(): void;
}

/**
 * Tells about the demo's process, and kills it for the demonstration. The process kills only
 * itself, at a POST from a page of its origin.
 */
export function createLanding(options: LandingOptions): Landing {
  const { cannotKill, publicUrl, logger } = options;
  const kill = options.kill ?? (() => process.kill(process.pid, "SIGKILL"));
  const ageMs = options.ageMs ?? (() => performance.now());
  let timer: ReturnType<typeof setTimeout> | undefined;

  function answerKill(request: Request): Response {
    if (!isOwnPage(request, publicUrl)) return problem(403, "origin_forbidden", "Only the landing page of this server may kill it.");
    if (cannotKill === "memory") return problem(409, "cannot_kill", "The journal is in memory, so a kill would lose it.");
    if (cannotKill === "single") return problem(409, "cannot_kill", "No supervisor would start this process again.");
    const waitMs = LEAST_AGE_MS - ageMs();
    if (waitMs > 0 || timer !== undefined) {
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      return problem(429, "too_many_kills", `The server was started a moment ago. Wait ${seconds} s.`, { "Retry-After": String(seconds) });
    }
    logger.warn({ worker: process.pid }, "the landing page has this process killed; another takes its place");
    timer = setTimeout(kill, ANSWER_MS);
    return json(202, { process: process.pid });
  }

  return {
    handles: (pathname) => pathname === PATH || pathname === KILL_PATH,
    async fetch(request) {
      const isKill = new URL(request.url).pathname === KILL_PATH;
      const methods = isKill ? ["POST"] : ["GET", "HEAD"];
      if (!methods.includes(request.method))
        return problem(405, "method_not_allowed", `This address answers ${methods.join(" and ")} only.`, { Allow: methods.join(", ") });
      return isKill ? answerKill(request) : json(200, { process: process.pid, cannotKill, publicUrl });
    },
    close: () => clearTimeout(timer),
  };
}

/** Whether a page of this server sent the request. Clients without a page have no `Origin`. */
function isOwnPage(request: Request, publicUrl: string | undefined): boolean {
  return request.headers.has("Origin") && isFromOwnPage(request, new URL(request.url).host, publicUrl);
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...headers },
  });
}

/** Answers with problem details (RFC 9457), in the hub's shape. */
function problem(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
  return json(status, { type: "about:blank", status, detail, code }, { "Content-Type": "application/problem+json", ...headers });
}
