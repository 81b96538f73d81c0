// Writes the programs of examples/publish into docs/guides/publishing.md. `node scripts/publish-page.mjs`
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
const PAGE = new URL("docs/guides/publishing.md", ROOT);

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

/** The page with the programs as they are. */
export function publishPage(page) {
  return Object.entries(PROGRAMS).reduce((text, [file, language]) => {
    const fence = "```" + language + "\n";
    const begin = text.indexOf(fence, text.indexOf("\n## Programs")) + fence.length;
    const code = readFileSync(new URL(`examples/publish/${file}`, ROOT), "utf8");
    return text.slice(0, begin) + code + text.slice(text.indexOf("```\n", begin));
  }, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, publishPage(readFileSync(PAGE, "utf8")));
