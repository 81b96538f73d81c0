import type { ComponentChildren } from "preact";
import { Linkified } from "./linkify.tsx";
import { splitCode } from "./split-code.ts";

/** A text with code and web addresses, and no other markup. */
export function RichText({ text }: { text: string }): ComponentChildren {
  return (
    <>
      {splitCode(text).map((part, index) => {
        if (part.kind === "prose") return <Linkified key={index} text={part.text} />;
        const code = <code key={index}>{part.text}</code>;
        // Wide lines scroll, so the block must be reachable with the keyboard.
        if (part.kind === "block") {
          return (
            <pre key={index} dir="ltr" tabIndex={0}>
              {code}
            </pre>
          );
        }
        return code;
      })}
    </>
  );
}
