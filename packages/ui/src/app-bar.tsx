import type { ComponentChildren } from "preact";
import logo from "./logo.svg";
import { chooseLanguage, type Language, language, LANGUAGES } from "./language.ts";
import { sharedTexts } from "./texts.ts";

/** The demo's pages. Texts name them by the same keys. */
const APPS = { chat: "/chat/lobby", stocks: "/stocks", news: "/news", console: "/console", docs: "/docs/" } as const;

export type AppName = keyof typeof APPS;

interface AppBarProps {
  /** The app of this page. Undefined on the start page. */
  readonly current?: AppName | undefined;
  /** Whether the server has the demo's pages. The console is also served without them. */
  readonly hasApps?: boolean;
}

/** The small bar above every page: the way to the other apps and to the documentation, and the language. */
export function AppBar({ current, hasApps = true }: AppBarProps): ComponentChildren {
  const texts = sharedTexts();
  return (
    <nav class="app-bar" data-testid="app-bar" aria-label={texts.apps}>
      <a class="app-bar-home" href="/" aria-label={texts.home}>
        <img src={logo} alt="" width="24" height="24" />
        <span class="app-bar-name">Artesian</span>
      </a>
      {hasApps && (
        <ul>
          {(Object.keys(APPS) as AppName[]).map((app) => (
            <li key={app}>
              <a href={APPS[app]} aria-current={app === current ? "page" : undefined}>
                {texts[app]}
              </a>
            </li>
          ))}
        </ul>
      )}
      <LanguageSwitch />
    </nav>
  );
}

/** A select, since its list of names needs no room on a phone. */
function LanguageSwitch(): ComponentChildren {
  return (
    <select
      class="app-bar-language"
      data-testid="language"
      aria-label={sharedTexts().language}
      value={language()}
      onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([tag, name]) => (
        <option key={tag} value={tag} lang={tag}>
          {name}
        </option>
      ))}
    </select>
  );
}
