import { blockOf } from "../../examples/markdown.ts";
import type { Proxy } from "../lib/proxy.ts";

const MODULES = "/usr/lib/apache2/modules";

/** Apache as docs/operate/proxies.md tells to configure it. */
export const apache: Proxy = {
  name: "Apache",
  command: "apache2",
  files: ({ port, upstream, folder }) => ({
    "apache.conf": `ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
Mutex file:${folder} default
ErrorLog ${folder}/error.log
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule proxy_module ${MODULES}/mod_proxy.so
LoadModule proxy_http_module ${MODULES}/mod_proxy_http.so
LoadModule headers_module ${MODULES}/mod_headers.so
${blockOf("operate/proxies.md", "apache").replace("127.0.0.1:3000", `127.0.0.1:${upstream}`)}`,
  }),
  args: ({ folder }) => ["-f", `${folder}/apache.conf`, "-DFOREGROUND"],
};
