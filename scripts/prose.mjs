// Counts words that tire readers, in the comments of the sources and in the docs, per 1,000 words. `node scripts/prose.mjs` prints a table.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The words, by kind. @type {Readonly<Record<string, RegExp>>} */
export const KINDS = {
  what: /\b(?:what|whoever|whatever)\b/gi,
  those: /\b(?:those|such|one)\b/gi,
  it: /\b(?:it|its)\b/gi,
  you: /\b(?:you|your|we|our)\b/gi,
};

/** Words that have a plainer one. */
export const BANNED = /\b(?:whoever|such a one|all the same|anew|for good|but for)\b/gi;

/** Where prose stands: folders, and the files in them. @type {Readonly<Record<string, { readonly folders: readonly string[], readonly files: RegExp }>>} */
export const PLACES = {
  comments: { folders: ["src", "apps", "packages", "demo"], files: /(?<!\.d)\.tsx?$/ },
  docs: { folders: ["docs", "."], files: /(?<!CHANGELOG)\.md$/ },
};

/** The comments of a source file, without their marks. @param {string} source */
export function commentsOf(source) {
  const comments = source.match(/\/\*\*?[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm) ?? [];
  return comments.map((comment) => comment.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/)/gm, " ").replace(/\*\/$/, "")).join("\n");
}

/** Text without code. @param {string} text */
function proseOf(text) {
  return text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
}

/**
 * @param {keyof typeof PLACES} place
 * @returns {{ readonly file: string, readonly text: string }[]}
 */
export function textsOf(place) {
  const { folders, files } = PLACES[place];
  const found = folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: folder !== "." }).map((name) => join(folder, String(name))))
    .filter((path) => files.test(path) && !/(?:^|\/)(?:node_modules|dist|data)\//.test(path));
  return found.map((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return { file, text: proseOf(place === "comments" ? commentsOf(text) : text) };
  });
}

/**
 * @param {keyof typeof PLACES} place
 * @returns {{ readonly words: number, readonly rates: Readonly<Record<string, number>> }} Rates are per 1,000 words.
 */
export function measure(place) {
  const text = textsOf(place)
    .map((one) => one.text)
    .join("\n");
  const words = text.match(/[\p{L}\p{N}'’-]+/gu)?.length ?? 0;
  const rates = Object.fromEntries(
    Object.entries(KINDS).map(([kind, pattern]) => [kind, Math.round(((text.match(pattern)?.length ?? 0) / words) * 10_000) / 10]),
  );
  return { words, rates };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const place of Object.keys(PLACES)) {
    const { words, rates } = measure(place);
    console.log(
      `${place}: ${words} words; per 1,000: ${Object.entries(rates)
        .map(([kind, rate]) => `${kind} ${rate}`)
        .join(", ")}`,
    );
    const banned = textsOf(place).flatMap(({ text }) => text.match(BANNED) ?? []);
    console.log(`  banned: ${banned.length}`);
  }
}
