import { fileURLToPath } from "node:url";
import { isRoomName, normalRoom, readRoom, roomPath } from "./chat/server/room-name.ts";
import { createConsolePages, type PageRoute, type Pages, servePages } from "artesian/command";

const APP_PATH = /^\/(stocks|news)\/?$/;
/** Plain names only, and one dot at most in each: a path never leaves the build's folder. */
const DOCS_PATH = /^\/docs\/((?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)?)$/;
const CHAT_PATH = /^\/chat\/([^/]+)(\/?)$/;
const DEFAULT_ROOM = "lobby";

/** The build is at the same place whether this file runs from `src/` or from `dist/`. */
const DIRECTORY = fileURLToPath(new URL("../dist/pages", import.meta.url));

/**
 * Serves the demo's pages and the console's. The landing page is at `/`, the chat page for every
 * room at `/chat/ROOM`, the other apps at `/NAME`.
 *
 * @param options - `directory`: output directory of `npm run build` for the demo's pages.
 */
export function createDemoPages(options: { readonly directory?: string } = {}): Pages {
  const own = servePages({
    directory: options.directory ?? DIRECTORY,
    index: "landing/page/index.html",
    findRoute,
    notFound: "not-found/page/index.html",
    hint: "Try / or /chat/lobby.",
  });
  const ofConsole = createConsolePages();
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (/^\/console\/?$/.test(pathname)) return ofConsole.fetch(request);
      const answer = await own.fetch(request);
      if (answer.status !== 404 || !pathname.startsWith("/assets/")) return answer;
      const other = await ofConsole.fetch(request);
      return other.status < 400 ? other : answer;
    },
  };
}

function findRoute(pathname: string): PageRoute | undefined {
  if (pathname === "/") return { file: "landing/page/index.html" };
  const app = APP_PATH.exec(pathname)?.[1];
  if (app !== undefined) return pathname.endsWith("/") ? { location: `/${app}` } : { file: `${app}/page/index.html` };
  if (pathname === "/docs") return { location: "/docs/" };
  if (pathname === "/docs/") return { file: "docs/index.html" };
  const doc = DOCS_PATH.exec(pathname)?.[1];
  if (doc !== undefined) return { file: /\.(?:png|svg)$/.test(doc) ? `docs/${doc}` : `docs/${doc}.html` };
  if (pathname === "/chat" || pathname === "/chat/") return { location: `/chat/${DEFAULT_ROOM}` };
  const [, encoded = "", slash] = CHAT_PATH.exec(pathname) ?? [];
  const room = readRoom(encoded);
  if (room === undefined || !isRoomName(normalRoom(room))) return undefined;
  return normalRoom(room) === room && slash === "" ? { file: "chat/page/index.html" } : { location: roomPath(normalRoom(room)) };
}
