import "artesian-ui/base.css";
import "./docs.css";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { loadTexts, onLanguage } from "artesian-ui/language.ts";
import { render } from "preact";
import { docsTexts } from "./texts.ts";

/**
 * Fills a page of the documentation. Its text is in the HTML, and needs no code.
 *
 * Stable for tests: `app-bar`, `docs-note` (in Chinese: that the text is English), and the buttons
 * that copy.
 */
async function draw(): Promise<void> {
  await loadTexts();
  const texts = docsTexts();
  const bar = document.getElementById("bar");
  if (bar === null) throw new TypeError("The page has no element #bar.");
  render(
    <>
      <AppBar current="docs" />
      {texts.note !== "" && document.documentElement.lang === "en" && (
        <aside class="docs-note" lang="zh-CN" data-testid="docs-note">
          {texts.note} <a href="/docs/start/quick-start.zh-CN">{texts.quickStart}</a>
        </aside>
      )}
    </>,
    bar,
  );
  for (const block of document.querySelectorAll<HTMLElement>("pre")) {
    const place =
      block.previousElementSibling?.matches(".docs-copy") === true ? block.previousElementSibling : document.createElement("div");
    place.className = "docs-copy";
    block.before(place);
    render(<CopyButton text={block.innerText.trim()} label={texts.copyCode} />, place);
  }
}

// Beside the text, the menu scrolls alone.
const menu = document.querySelector<HTMLElement>(".docs-pages");
const current = menu?.querySelector<HTMLElement>("[aria-current]");
if (menu && current) menu.scrollTop = current.offsetTop - menu.offsetTop - menu.clientHeight / 2;
await draw();
onLanguage(() => void draw().catch(reportError));
