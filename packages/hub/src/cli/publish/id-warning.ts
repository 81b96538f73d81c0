import { isPrintableAscii } from "../../core/update/update.ts";
import { type Output, style } from "../terminal.ts";

/**
 * Makes a check of event ids that warns once, at the first id that some clients can't resume from.
 */
export function warnOfIds(stderr: Output): (id: string | undefined) => void {
  let warned = false;
  return (id) => {
    if (warned || id === undefined || isPrintableAscii(id)) return;
    warned = true;
    const text = `warning: the event id ${JSON.stringify(id)} has characters outside of ASCII. Some clients can't resume from it. See docs/start/clients.md.`;
    void stderr.line(style("yellow", text));
  };
}
