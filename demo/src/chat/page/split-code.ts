/** A part of a message: prose, code within a line, or lines of code. */
export interface TextPart {
  readonly kind: "prose" | "code" | "block";
  readonly text: string;
}

/** Lines of code, perhaps with the name of a language; or code within a line. */
const CODE = /```(?:[\w+#.-]*\n)?([^]*?)```|`([^`\n]+)`/g;

/** Splits a text at the code. A mark without the other half is prose. */
export function splitCode(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let done = 0;
  const add = (kind: TextPart["kind"], part: string): void => {
    if (part !== "") parts.push({ kind, text: part });
  };
  for (const { 0: all, 1: block, 2: code, index } of text.matchAll(CODE)) {
    if (block?.trim() === "") continue;
    const isBlock = block !== undefined;
    // A block begins its own line, so the line ends around it would be empty lines.
    add("prose", isBlock ? text.slice(done, index).replace(/\n$/, "") : text.slice(done, index));
    add(isBlock ? "block" : "code", isBlock ? block.replace(/\n$/, "") : (code ?? ""));
    done = index + all.length;
    if (isBlock && text[done] === "\n") done += 1;
  }
  add("prose", text.slice(done));
  return parts;
}
