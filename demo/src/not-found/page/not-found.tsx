import { AppBar } from "artesian-ui/app-bar.tsx";
import type { ComponentChildren } from "preact";
import { notFoundTexts } from "./texts.ts";

/** Longest path shown, in characters. */
const MAX_SHOWN = 200;

/** The page for an address that has none. Stable for tests: `not-found`. */
export function NotFound({ path }: { path: string }): ComponentChildren {
  const texts = notFoundTexts();
  document.title = texts.documentTitle;
  return (
    <>
      <AppBar />
      <main class="not-found" data-testid="not-found">
        <h1>{texts.title}</h1>
        <p>
          <code>{path.length > MAX_SHOWN ? `${path.slice(0, MAX_SHOWN)}…` : path}</code>
        </p>
        <p>{texts.advice}</p>
        <p>
          <a class="button" href="/">
            {texts.home}
          </a>
        </p>
      </main>
    </>
  );
}
