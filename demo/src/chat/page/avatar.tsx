import type { ComponentChildren } from "preact";
import { hueOf } from "./group-messages.ts";

/**
 * The first character of a name on its visitor's own colour, or a drop of water for the bot. The
 * avatar is not read out, because the name stands beside it.
 */
export function Avatar({ name, visitor, bot = false }: { name: string; visitor?: string | undefined; bot?: boolean }): ComponentChildren {
  const [initial = "?"] = name.trim();
  return (
    <span class={bot ? "avatar bot" : "avatar"} style={{ "--hue": hueOf(visitor ?? name) }} aria-hidden="true">
      {bot ? (
        <svg viewBox="0 0 24 24">
          <path d="M12 2C7.500 8.200 5.200 11.700 5.200 15.200a6.800 6.800 0 0 0 13.600 0C18.800 11.700 16.500 8.200 12 2z" />
        </svg>
      ) : (
        initial.toUpperCase()
      )}
    </span>
  );
}
