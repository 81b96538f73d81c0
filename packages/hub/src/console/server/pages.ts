import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The pages' Fetch handler. */
export interface Pages {
  /**
   * Answers with a page or one of its files. Answers 404 for every other path, and 405 for every
   * method except GET and HEAD.
   */
  fetch(request: Request): Promise<Response>;
}

export interface PagesOptions {
  /** The output directory of `npm run build`. */
  readonly directory: string;
  /** A page of the build, below `directory`. Without this file, nothing is built. */
  readonly index: string;
  /** Finds the page of a path. Assets need no route. */
  readonly findRoute: (pathname: string) => PageRoute | undefined;
  /** A hint for people at an unknown path, such as "Try /". */
  readonly hint: string;
}

/** A page's file in the build, or a path to redirect to. */
export type PageRoute = { readonly file: string } | { readonly location: string };

/**
 * Everything comes from this server and nothing is inline. An injected script, style, frame or form
 * target is blocked.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** The only kinds of files in a build. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml; charset=utf-8",
  ".webp": "image/webp",
};

/** One plain name: no separator, no leading dot, nothing encoded. */
const ASSET_PATH = /^\/assets\/([A-Za-z0-9_-][A-Za-z0-9._-]*)$/;

/** The console's page. The build is the same whether this file runs from `src/` or from `dist/`. */
const DIRECTORY = fileURLToPath(new URL("../../../dist/pages", import.meta.url));

/** Serves the console's page at `/console`. */
export function createConsolePages(options: { readonly directory?: string } = {}): Pages {
  return servePages({
    directory: options.directory ?? DIRECTORY,
    index: "console/page/index.html",
    findRoute(pathname) {
      if (pathname === "/console") return { file: "console/page/index.html" };
      return pathname === "/console/" ? { location: "/console" } : undefined;
    },
    hint: "Try /console.",
  });
}

/** Serves built pages, and their assets at `/assets/NAME`. */
export function servePages({ directory, index, findRoute, hint }: PagesOptions): Pages {
  let isBuilt = false;
  return {
    async fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        return text(405, "These pages answer GET and HEAD only.", { Allow: "GET, HEAD" });
      }
      const { pathname } = new URL(request.url);
      const asset = ASSET_PATH.exec(pathname)?.[1];
      const isAsset = asset !== undefined && extname(asset) in CONTENT_TYPES;
      const route = isAsset ? { file: `assets/${asset}` } : findRoute(pathname);
      if (route === undefined) return text(404, `There is no page at this address. ${hint}`);
      if ("location" in route) return text(302, `See ${route.location}`, { Location: route.location });
      // Checked again at the next request, so that building the pages is enough.
      isBuilt ||= (await stat(join(directory, index)).catch(() => undefined))?.isFile() === true;
      if (!isBuilt) return text(503, "The pages are not built. Run `npm run build`, then reload.");
      return await serve(request, join(directory, route.file), isAsset);
    },
  };
}

async function serve(request: Request, file: string, immutable: boolean): Promise<Response> {
  let body: Buffer;
  try {
    body = await readFile(file);
  } catch {
    // A page from before the last build requests files that are gone.
    return text(404, "There is no file at this address.");
  }
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const headers = {
    ...SECURITY_HEADERS,
    "Cache-Control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
    ETag: etag,
  };
  const known = request.headers
    .get("If-None-Match")
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (known?.includes(etag) === true) return new Response(null, { status: 304, headers });
  return new Response(request.method === "HEAD" ? null : new Uint8Array(body), {
    headers: {
      ...headers,
      "Content-Type": CONTENT_TYPES[extname(file)] ?? "application/octet-stream",
      "Content-Length": String(body.length),
    },
  });
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { ...SECURITY_HEADERS, "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...headers },
  });
}
