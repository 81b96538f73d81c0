// The documentation as pages of the demo: docs/NAME.md becomes docs/NAME.html of the build.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, posix } from "node:path";
import { Marked } from "marked";
import type { Plugin } from "vite";

const TEMPLATE = "docs/page/index.html";
const TITLE = /^# (.+)$/m;

/** @param directory - The folder `docs` of the repository. */
export function docsPages(directory: string): Plugin {
  return {
    name: "docs-pages",
    enforce: "post",
    generateBundle(_, bundle) {
      const template = bundle[TEMPLATE];
      // Tests build some pages alone.
      if (template?.type !== "asset") return;
      const shell = String(template.source);
      const index = readFileSync(join(directory, "README.md"), "utf8");
      for (const file of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
        const fileName = posix.join("docs", addressOf(file));
        if (/\.(?:png|svg)$/.test(file)) this.emitFile({ type: "asset", fileName, source: readFileSync(join(directory, file)) });
        if (extname(file) !== ".md") continue;
        const source = pageOf(directory, shell, readFileSync(join(directory, file), "utf8"), file, index);
        this.emitFile({ type: "asset", fileName: `${fileName === "docs" ? "docs/index" : fileName}.html`, source });
      }
      delete bundle[TEMPLATE];
    },
  };
}

/** Address below `/docs/` of a file below `docs/`: no `.md`, and a folder for its README. */
function addressOf(file: string): string {
  return file.replace(/(?:^|(?<=\/))README\.md$|\.md$/, "").replace(/\/$/, "/index");
}

function pageOf(directory: string, shell: string, markdown: string, file: string, index: string): string {
  const title = TITLE.exec(markdown)?.[1] ?? basename(file);
  const isChinese = file.endsWith(".zh-CN.md");
  return shell
    .replace('lang="en"', isChinese ? 'lang="zh-CN"' : 'lang="en"')
    .replace("<title>Artesian documentation</title>", () => `<title>${escape(title.replaceAll("`", ""))} · Artesian</title>`)
    .replace("<!-- pages -->", () => menuOf(index, file))
    .replace("<!-- text -->", () => render(directory, markdown, file));
}

/** The lists of docs/README.md without their descriptions. */
function menuOf(index: string, file: string): string {
  const lines = index.split("\n").flatMap((line) => {
    const section = /^## (.+)$/.exec(line)?.[1];
    if (section !== undefined) return [`<h2>${escape(section)}</h2>`];
    const [, name, target] = /^- \[(.+?)\]\((.+?)\)/.exec(line) ?? [];
    if (name === undefined || target === undefined) return [];
    const current = target === file ? ' aria-current="page"' : "";
    return [`<a href="/docs/${addressOf(target)}"${current}>${escape(name.replaceAll("`", ""))}</a>`];
  });
  return lines.join("\n");
}

/**
 * @param directory - The folder `docs` of the repository.
 * @param file - Path below `docs/`, from which the text's links lead on.
 */
function render(directory: string, markdown: string, file: string): string {
  const ids = new Map<string, number>();
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${uniqueId(ids, text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const target = targetOf(href, file);
        return target === undefined ? text : `<a href="${escape(target)}">${text}</a>`;
      },
      image({ href, text }) {
        const size = sizeOf(readFileSync(join(directory, dirname(file), href), "utf8"));
        return `<img src="${escape(targetOf(href, file) ?? "")}" alt="${escape(text)}"${size} loading="lazy" />`;
      },
      // No page of the documentation needs HTML. Text such as `<number>` may look like it.
      html({ text }) {
        return text.startsWith("<!--") ? "" : escape(text);
      },
    },
  });
  const html = marked.parse(markdown, { async: false });
  // Wide tables scroll, and are reached with the keyboard.
  return html
    .replaceAll("<table>", '<div class="docs-table" tabindex="0" role="region" aria-label="Table"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
}

/** The attributes of an SVG image that keep its place while it is loaded. */
function sizeOf(svg: string): string {
  return /<svg[^>]*( width="\d+" height="\d+")/.exec(svg)?.[1] ?? "";
}

/** @returns Undefined for what the site does not have, such as a source file. */
function targetOf(href: string, file: string): string | undefined {
  if (/^(?:https?:|#)/.test(href)) return href;
  const [path = "", fragment] = href.split("#");
  const joined = posix.normalize(posix.join(dirname(file), path));
  if (joined.startsWith("..") || !/\.(?:md|png|svg)$/.test(joined)) return undefined;
  return `/docs/${addressOf(joined)}${fragment === undefined ? "" : `#${fragment}`}`;
}

/** The id that GitHub gives to a heading, so that the links of the text work in both places. */
function uniqueId(ids: Map<string, number>, text: string): string {
  const id = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
  const seen = ids.get(id) ?? 0;
  ids.set(id, seen + 1);
  return seen === 0 ? id : `${id}-${seen}`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
