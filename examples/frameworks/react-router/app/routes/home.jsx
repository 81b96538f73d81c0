import { useEffect, useState } from "react";

export const meta = () => [{ title: "Notify one user" }];

export default function Home() {
  const [notes, setNotes] = useState([]);
  useEffect(() => {
    const stream = new EventSource("/api/live?match_urlpattern=/users/:me");
    stream.addEventListener("message", ({ data, lastEventId }) => setNotes((notes) => [...notes, { data, id: lastEventId }]));
    return () => stream.close();
  }, []);
  return (
    <>
      <form method="post" action="/login">
        <input name="user" aria-label="Your name" /> <button>Log in</button>
      </form>
      <ol>
        {notes.map(({ data, id }) => (
          <li key={id}>{data}</li>
        ))}
      </ol>
    </>
  );
}
