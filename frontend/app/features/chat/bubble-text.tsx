import { useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { linkify } from "./linkify.ts";
import { foldedText, isJumbo } from "./text-shape.ts";

/** Text only: addresses become links, everything else stays exactly as written. */
function LinkedText({ children }: { children: string }) {
  return (
    <>
      {linkify(children).map((part, index) =>
        part.type === "text" ? (
          part.text
        ) : (
          <a
            // Parts of one text have no identity but their place.
            // oxlint-disable-next-line react/no-array-index-key
            key={index}
            href={part.href}
            target="_blank"
            rel="noopener noreferrer"
            title={part.realHost === undefined ? undefined : text.chat.linkHost(part.realHost)}
          >
            {part.text}
            {part.realHost !== undefined && <bdi class="real-host"> ({part.realHost})</bdi>}
          </a>
        ),
      )}
    </>
  );
}

export function BubbleText({ message }: { message: string }) {
  const [open, setOpen] = useState(false);
  if (isJumbo(message)) return <span class="bubble-jumbo">{message}</span>;
  const folded = foldedText(message);
  return (
    <>
      <span class="bubble-text">
        <LinkedText>
          {folded === undefined || open ? message : `${folded.replace(/[\s.,;:…]+$/u, "")}…`}
        </LinkedText>
      </span>
      {folded !== undefined && (
        <button type="button" class="read-more" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? text.chat.readLess : text.chat.readMore}
        </button>
      )}
    </>
  );
}
