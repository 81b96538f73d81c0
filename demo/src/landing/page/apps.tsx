import type { ComponentChildren } from "preact";

/** An app that comes with the hub. */
interface AppLink {
  readonly href: string;
  readonly name: string;
  readonly about: string;
  readonly icon: ComponentChildren;
}

const APPS: readonly AppLink[] = [
  {
    href: "/chat/lobby",
    name: "Chat room",
    about: "People and a bot. Each visitor has a token of its own, renewed while the stream stays open.",
    icon: <path d="M4 5h16v11H9l-5 4z" />,
  },
  {
    href: "/stocks",
    name: "Stock ticker",
    about: "Prices as they change, paced by the hub to what a screen can show. The market is simulated until you plug yours in.",
    icon: <path d="M3 17l5-6 4 3 8-9M15 5h5v5" />,
  },
  {
    href: "/news",
    name: "News ticker",
    about: "Feeds become a stream. Headlines roll in as they are published, and wait while you read.",
    icon: <path d="M4 5h13v14H6a2 2 0 0 1-2-2zM17 9h3v8a2 2 0 0 1-3 2M7 9h7M7 13h7" />,
  },
  {
    href: "/console",
    name: "Console",
    about: "What the hub does: rates, connections, the journal, and why one subscriber did not get one update.",
    icon: <path d="M4 19V9M10 19V5M16 19v-7M22 19H2" />,
  },
];

/** Cards that describe the apps. */
export function AppCards(): ComponentChildren {
  return (
    <ul class="apps">
      {APPS.map(({ href, name, about, icon }) => (
        <li key={href}>
          <a class="app" href={href}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              {icon}
            </svg>
            <b>{name}</b>
            <span>{about}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
