import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The pages' Fetch handler. */
export interface Pages {
  /** Answers with a page or a file of one; 404 for every other address, 405 for every method but GET and HEAD. */
  fetch(request: Request): Promise<Response>;
}

export interface PagesOptions {
  /** Where `npm run build` has put the pages. Default: `dist/pages` of this package. */
  readonly directory?: string;
}

/**
 * Everything comes from this server and nothing is inline, so an injected script, style, frame or form target has
 * nowhere to go.
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

/** The only kinds of files that a build makes. */
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
const APP_PATH = /^\/(stocks|news|console)\/?$/;
const CHAT_PATH = /^\/chat\/([A-Za-z0-9-]{1,40})$/;
const DEFAULT_ROOM = "lobby";

/** Pages are built from `apps/` at the root of the package, and this file runs from there or from `dist/apps/`. */
const DIRECTORIES = ["../../../pages", "../../../dist/pages"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** Serves the built pages: the landing page at `/`, the chat page for every room at `/chat/ROOM`, the other apps at `/NAME`. */
export function createPages(options: PagesOptions = {}): Pages {
  const directories = options.directory === undefined ? DIRECTORIES : [options.directory];
  let found: Promise<string | undefined> | undefined;
  return {
    async fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        return text(405, "These pages answer GET and HEAD only.", { Allow: "GET, HEAD" });
      }
      const { pathname } = new URL(request.url);
      const route = findRoute(pathname);
      if (route === undefined) return text(404, "There is no page at this address. Try / or /chat/lobby.");
      if ("location" in route) return text(302, `See ${route.location}`, { Location: route.location });
      found ??= findDirectory(directories);
      const directory = await found;
      if (directory === undefined) {
        // Looked for again at the next request, so that building them is enough.
        found = undefined;
        return text(503, "The pages are not built. Run `npm run build`, then reload.");
      }
      return await serve(request, join(directory, route.file), route.immutable);
    },
  };
}

type Route = { readonly file: string; readonly immutable: boolean } | { readonly location: string };

function findRoute(pathname: string): Route | undefined {
  if (pathname === "/") return { file: "landing/page/index.html", immutable: false };
  const app = APP_PATH.exec(pathname)?.[1];
  if (app !== undefined) return pathname.endsWith("/") ? { location: `/${app}` } : { file: `${app}/page/index.html`, immutable: false };
  if (pathname === "/chat" || pathname === "/chat/") return { location: `/chat/${DEFAULT_ROOM}` };
  const room = CHAT_PATH.exec(pathname)?.[1];
  if (room !== undefined) {
    const name = room.toLowerCase();
    if (name.startsWith("-") || name.endsWith("-")) return undefined;
    return name === room ? { file: "chat/page/index.html", immutable: false } : { location: `/chat/${name}` };
  }
  const asset = ASSET_PATH.exec(pathname)?.[1];
  return asset !== undefined && extname(asset) in CONTENT_TYPES ? { file: `assets/${asset}`, immutable: true } : undefined;
}

async function findDirectory(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    const index = await stat(join(directory, "landing/page/index.html")).catch(() => undefined);
    if (index?.isFile() === true) return directory;
  }
  return undefined;
}

async function serve(request: Request, file: string, immutable: boolean): Promise<Response> {
  let body: Buffer;
  try {
    body = await readFile(file);
  } catch {
    // A page from before the last build asks for files that are gone.
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
