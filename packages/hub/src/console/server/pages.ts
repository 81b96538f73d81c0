import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { takesCoding, takesGzip } from "../../http/reply/gzip.ts";

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
  /** A page of the build for an unknown path. Without one, the answer is a line of text. */
  readonly notFound?: string | undefined;
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
export function servePages({ directory, index, findRoute, notFound, hint }: PagesOptions): Pages {
  let isBuilt = false;
  return {
    async fetch(request) {
      if (request.method !== "GET" && request.method !== "HEAD") {
        return text(405, "These pages answer GET and HEAD only.", { Allow: "GET, HEAD" });
      }
      const { pathname, search } = new URL(request.url);
      const asset = ASSET_PATH.exec(pathname)?.[1];
      const isAsset = asset !== undefined && extname(asset) in CONTENT_TYPES;
      const route = isAsset ? { file: `assets/${asset}` } : findRoute(pathname);
      if (route !== undefined && "location" in route) return text(302, `See ${route.location}`, { Location: route.location + search });
      // Checked again at the next request, so that building the pages is enough.
      isBuilt ||= (await stat(join(directory, index)).catch(() => undefined))?.isFile() === true;
      if (route !== undefined && !isBuilt) return text(503, "The pages are not built. Run `npm run build`, then reload.");
      const found = route && (await serve(request, join(directory, route.file), { immutable: isAsset }));
      // A page from before the last build requests files that are gone.
      if (found !== undefined || isAsset) return found ?? text(404, "There is no file at this address.");
      const wantsPage = notFound !== undefined && /\btext\/html\b/.test(request.headers.get("Accept") ?? "");
      const page = wantsPage ? await serve(request, join(directory, notFound), { status: 404 }) : undefined;
      return page ?? text(404, `There is no page at this address. ${hint}`);
    },
  };
}

interface ServeOptions {
  readonly status?: 200 | 404;
  /** The file's name changes with its content. */
  readonly immutable?: boolean;
}

/** @returns Undefined if there is no such file. */
async function serve(request: Request, file: string, { status = 200, immutable = false }: ServeOptions): Promise<Response | undefined> {
  const found = await readBest(file, request.headers.get("Accept-Encoding") ?? undefined);
  if (found === undefined) return undefined;
  const { body, coding } = found;
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const isPage = extname(file) === ".html";
  const headers = {
    ...SECURITY_HEADERS,
    "Cache-Control": status === 404 ? "no-store" : immutable ? "public, max-age=31536000, immutable" : "no-cache",
    Vary: isPage ? "Accept-Encoding, Accept-Language" : "Accept-Encoding",
    ETag: etag,
    ...(isPage ? await preloads(file, request) : {}),
  };
  const known = request.headers
    .get("If-None-Match")
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
  if (status === 200 && (known?.includes(etag) === true || known?.[0] === "*")) return new Response(null, { status: 304, headers });
  return new Response(request.method === "HEAD" ? null : new Uint8Array(body), {
    status,
    headers: {
      ...headers,
      ...(coding === undefined ? {} : { "Content-Encoding": coding }),
      "Content-Type": CONTENT_TYPES[extname(file)] ?? "application/octet-stream",
      "Content-Length": String(body.length),
    },
  });
}

/**
 * Names a page's texts to the browser, which would ask for them only after the page's code has run.
 * The build has listed them. A guess of the language that is wrong costs one file.
 */
async function preloads(file: string, request: Request): Promise<{ readonly Link?: string }> {
  const list = await readFile(`${file}.texts.json`, "utf8").catch(() => undefined);
  if (list === undefined) return {};
  const wanted = `${new URL(request.url).searchParams.get("lang") ?? ""},${request.headers.get("Accept-Language") ?? ""}`;
  const language = /(?:^|[,\s])(en|zh)\b/i.exec(wanted)?.[1]?.toLowerCase() === "zh" ? "zh-CN" : "en";
  const { [language]: texts = [] } = JSON.parse(list) as Readonly<Record<string, readonly string[]>>;
  return texts.length === 0 ? {} : { Link: texts.map((path) => `<${path}>; rel=modulepreload`).join(", ") };
}

/** Reads the smallest form of a file that the client accepts. The build has made `FILE.br` and `FILE.gz` of texts. */
async function readBest(file: string, accepted: string | undefined): Promise<{ body: Buffer; coding?: string } | undefined> {
  const read = (path: string): Promise<Buffer | undefined> => readFile(path).catch(() => undefined);
  if (takesCoding(accepted, "br")) {
    const body = await read(`${file}.br`);
    if (body !== undefined) return { body, coding: "br" };
  }
  if (takesGzip(accepted)) {
    const body = await read(`${file}.gz`);
    if (body !== undefined) return { body, coding: "gzip" };
  }
  const body = await read(file);
  return body === undefined ? undefined : { body };
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { ...SECURITY_HEADERS, "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...headers },
  });
}
