// Writes programs of examples/ into the pages of docs/guides that show them whole.
// `node scripts/program-pages.mjs`
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
/** Each program with the language of its block. */
export const PROGRAMS = {
  "publish.sh": "sh",
  "publish.mjs": "js",
  "publish.py": "python",
  "publish.php": "php",
  "publish.rb": "ruby",
  "publish.go": "go",
  "Publish.java": "java",
};

/** The pages with the files in examples/ that they show, each with the language of its block. */
export const PAGES = {
  "docs/guides/publishing.md": Object.entries(PROGRAMS).map(([file, language]) => [`publish/${file}`, language]),
  "docs/guides/encryption.md": [
    ["encryption/server.mjs", "js"],
    ["encryption/page.html", "html"],
  ],
  "docs/guides/symfony.md": [
    ["symfony/compose.yaml", "yaml"],
    ["symfony/index.php", "php"],
    ["symfony/page.html", "html"],
  ],
  "docs/guides/turbo.md": [
    ["turbo/compose.yaml", "yaml"],
    ["turbo/server.mjs", "js"],
    ["turbo/page.html", "html"],
  ],
  "docs/guides/laravel.md": [["laravel/compose.yaml", "yaml"]],
  "docs/guides/free-cluster.md": [["fleet/compose.yaml", "yaml"]],
};

/** A page with its programs as they are. Other blocks of their languages come before the first heading. */
export function pageWith(page, programs) {
  return programs.reduce((text, [file, language]) => {
    const fence = "```" + language + "\n";
    const begin = text.indexOf(fence, text.indexOf("\n## ")) + fence.length;
    const code = readFileSync(new URL(`examples/${file}`, ROOT), "utf8");
    return text.slice(0, begin) + code + text.slice(text.indexOf("```\n", begin));
  }, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, programs] of Object.entries(PAGES)) {
    const url = new URL(path, ROOT);
    writeFileSync(url, pageWith(readFileSync(url, "utf8"), programs));
  }
}
