// Next.js with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian next react react-dom
//   npx next build
//   npx next start
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { createHub } from "artesian";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);

function createLive() {
  /** Users by their session's id. */
  const sessions = new Map();
  const hub = createHub({
    path: "/api/live",
    authorize(request) {
      // Next.js has a `Request`, and a server of your own has Node's request.
      const cookie = request.headers.get?.("cookie") ?? request.headers.cookie ?? "";
      const user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(cookie)?.[1]);
      return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
    },
  });
  return { hub, sessions };
}

// Next.js bundles this file several times, and each copy must have the same hub. In development, start again
// after a change of `authorize`.
export const { hub, sessions } = (globalThis.live ??= createLive());
