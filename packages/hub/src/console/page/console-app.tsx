import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { ConnectionBadge } from "artesian-ui/connection-badge.tsx";
import { ConsolePage } from "./console-page.tsx";
import { Door } from "./door.tsx";
import { type Access, Session } from "./session.ts";
import { consoleTexts } from "./texts.ts";

/** The console: the door without access, the page with access. */
export function ConsoleApp(): ComponentChildren {
  const [access, setAccess] = useState<Access>({ kind: "asking" });
  const session = useRef<Session | undefined>(undefined);
  useEffect(() => {
    session.current = new Session(setAccess);
  }, []);

  if (access.kind === "in") {
    return (
      <ConsolePage
        api={access.api}
        about={access.about}
        onRefused={() => session.current?.recheck()}
        onLeave={() => session.current?.leave()}
      />
    );
  }
  return (
    <div class="console">
      {/* Only the demo has the other apps. Its console is open, and has no door. */}
      <AppBar current="console" hasApps={false} />
      <header class="console-head">{access.kind === "asking" && <ConnectionBadge connection={{ state: "connecting" }} now={0} />}</header>
      {access.kind === "door" ? (
        <Door problem={access.problem} hubUrl={access.hubUrl} onEnter={(token) => session.current?.enter(token)} />
      ) : (
        <main class="door">
          <h1 class="visually-hidden">{consoleTexts().console}</h1>
          <p class="empty" role="status">
            {access.isSilent === true && consoleTexts().hubSilent}
          </p>
        </main>
      )}
    </div>
  );
}
