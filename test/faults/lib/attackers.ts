// Those who attack a server: a program of its own.
import { connect } from "node:net";
import { sleep } from "./clock.ts";
import type { FromAttackers, ToAttackers } from "./attackers-process.ts";

const PATTERNS = 100;

const count = { open: 0, made: 0, ended: 0 };

/** Patterns that have to be tested on every topic, to its end, and that nobody else has. */
function subscription({ host, pathname }: URL, name: string): string {
  const patterns = Array.from({ length: PATTERNS }, (_, i) => `match_urlpattern=${encodeURIComponent(`/:a{/:b}?-${name}-${i}`)}`);
  return `GET ${pathname}?${patterns.join("&")} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

function visit({ hub, kind, staysMs }: ToAttackers, localAddress: string, name: string): Promise<void> {
  const url = new URL(hub);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), localAddress });
    let isOpen = false;
    const leave = setTimeout(() => socket.resetAndDestroy(), staysMs);
    socket.once("connect", () => {
      isOpen = true;
      count.made++;
      count.open++;
      if (kind === "patterns") socket.write(subscription(url, name));
    });
    socket.resume();
    socket.on("error", () => undefined);
    socket.once("end", () => count.ended++);
    socket.once("close", () => {
      clearTimeout(leave);
      if (isOpen) count.open--;
      resolve();
    });
  });
}

async function attack(options: ToAttackers, address: number, place: number): Promise<void> {
  // Not all at once.
  await sleep(Math.random() * options.pauseMs);
  for (let i = 0; ; i++) {
    await visit(options, `127.0.1.${address + 1}`, `${address}-${place}-${i}`);
    await sleep(options.pauseMs * (0.5 + Math.random()));
  }
}

process.once("message", (options: ToAttackers) => {
  for (let address = 0; address < options.addresses; address++) {
    for (let place = 0; place < options.perAddress; place++) void attack(options, address, place);
  }
});
setInterval(() => process.send?.({ ...count } satisfies FromAttackers), 100);
// With whoever started it, it ends.
process.on("disconnect", () => process.exit());
