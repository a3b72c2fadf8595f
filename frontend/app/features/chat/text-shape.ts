/** How a text is set: large when it is one to three emoji, folded when it is very long. */
const emojiOnly = /^(?:\p{RGI_Emoji}\s?){1,3}$/v;

export function isJumbo(text: string): boolean {
  return emojiOnly.test(text.trim());
}

const foldLines = 15;
const foldChars = 1_200;

/** The visible beginning of a long text, or undefined when it is shown whole. Never cuts a character in two. */
export function foldedText(text: string): string | undefined {
  const lines = text.split("\n");
  const byLines = lines.length > foldLines + 3 ? lines.slice(0, foldLines).join("\n") : text;
  const characters = Array.from(byLines);
  if (characters.length > foldChars + 300) {
    const cut = characters.slice(0, foldChars).join("");
    const space = cut.lastIndexOf(" ");
    return space > foldChars / 2 ? cut.slice(0, space) : cut;
  }
  return byLines === text ? undefined : byLines;
}
