// SvelteKit with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian && npm pkg set type=module
//   npm install --save-dev @sveltejs/kit @sveltejs/adapter-node @sveltejs/vite-plugin-svelte svelte vite
//   ORIGIN=http://127.0.0.1:3000 npx vite build
//   node build
//   curl -c jar -H 'Origin: http://127.0.0.1:3000' -d user=ada http://127.0.0.1:3000/login
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
      const user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(request.headers.get("cookie") ?? "")?.[1]);
      return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
    },
  });
  return { hub, sessions };
}

// In development Vite loads this file again when it has changed. The hub stays as it was: after a change of
// `authorize`, start the development server again.
export const { hub, sessions } = (globalThis.live ??= createLive());
