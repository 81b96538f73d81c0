import type { ComponentChildren } from "preact";
import type { LayerTexts } from "./texts.en.ts";
import { layerTexts } from "./texts.ts";

/** An app that comes with the hub. */
interface AppLink {
  readonly name: keyof LayerTexts["apps"];
  readonly href: string;
  readonly icon: ComponentChildren;
}

const APPS: readonly AppLink[] = [
  { name: "chat", href: "/chat/lobby", icon: <path d="M4 5h16v11H9l-5 4z" /> },
  { name: "stocks", href: "/stocks", icon: <path d="M3 17l5-6 4 3 8-9M15 5h5v5" /> },
  { name: "news", href: "/news", icon: <path d="M4 5h13v14H6a2 2 0 0 1-2-2zM17 9h3v8a2 2 0 0 1-3 2M7 9h7M7 13h7" /> },
  { name: "console", href: "/console", icon: <path d="M4 19V9M10 19V5M16 19v-7M22 19H2" /> },
];

/** Cards that describe the apps. */
export function AppCards(): ComponentChildren {
  const texts = layerTexts().apps;
  return (
    <ul class="apps">
      {APPS.map(({ name, href, icon }) => (
        <li key={name}>
          <a class="app" href={href}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              {icon}
            </svg>
            <b>{texts[name].name}</b>
            <span>{texts[name].about}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
