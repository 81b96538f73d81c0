/** Code in a language, for the URL of a hub. */
export type Snippet = (url: string) => string;

const RECEIVE_URL = (url: string): string => `${url}?match=greeting`;

/**
 * Code that works as pasted, with the standard library alone. Python, PHP and Go read the data of
 * updates, and pass over the hub's own events, such as `hub:cursor` at the start.
 */
export const SNIPPETS: Readonly<Record<"send" | "receive", Readonly<Record<string, Snippet>>>> = {
  send: {
    JavaScript: (url) => `const body = new URLSearchParams({ topic: "greeting", data: "Hello, world!" });
const answer = await fetch("${url}", { method: "POST", body });
console.log(await answer.text());`,
    Python: (url) => `from urllib.parse import urlencode
from urllib.request import urlopen

update = urlencode({"topic": "greeting", "data": "Hello, world!"})
print(urlopen("${url}", update.encode()).read().decode())`,
    PHP: (url) => `<?php
echo file_get_contents("${url}", false, stream_context_create(["http" => [
    "method" => "POST",
    "header" => "Content-Type: application/x-www-form-urlencoded",
    "content" => http_build_query(["topic" => "greeting", "data" => "Hello, world!"]),
]]));`,
    Go: (url) => `package main

import (
	"fmt"
	"net/http"
	"net/url"
)

func main() {
	update := url.Values{"topic": {"greeting"}, "data": {"Hello, world!"}}
	answer, err := http.PostForm("${url}", update)
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Status)
}`,
  },
  receive: {
    curl: (url) => `curl -N '${RECEIVE_URL(url)}'`,
    JavaScript: (url) => `const answer = await fetch("${RECEIVE_URL(url)}");
const decoder = new TextDecoder();
for await (const bytes of answer.body) {
  console.log(decoder.decode(bytes, { stream: true }));
}`,
    Python: (url) => `from urllib.request import urlopen

kind = b""
for line in urlopen("${RECEIVE_URL(url)}"):
    if line.startswith(b"event: "):
        kind = line[7:]
    elif line.startswith(b"data: ") and not kind.startswith(b"hub:"):
        print(line[6:].decode(), end="", flush=True)
    elif line == b"\\n":
        kind = b""`,
    PHP: (url) => `<?php
$http10 = stream_context_create(["http" => ["protocol_version" => 1.0]]);
$stream = fopen("${RECEIVE_URL(url)}", "r", false, $http10);
$type = "";
while (($line = fgets($stream)) !== false) {
    if (str_starts_with($line, "event: ")) $type = substr($line, 7);
    elseif (str_starts_with($line, "data: ") && !str_starts_with($type, "hub:")) echo substr($line, 6);
    elseif ($line === "\\n") $type = "";
}`,
    Go: (url) => `package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
)

func main() {
	answer, err := http.Get("${RECEIVE_URL(url)}")
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(answer.Body)
	kind := ""
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "event: ") {
			kind = line[7:]
		} else if strings.HasPrefix(line, "data: ") && !strings.HasPrefix(kind, "hub:") {
			fmt.Println(line[6:])
		} else if line == "" {
			kind = ""
		}
	}
}`,
  },
};
