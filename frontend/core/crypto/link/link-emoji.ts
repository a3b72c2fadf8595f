import { label } from "#schema/envelope/labels.ts";
import { type HpkeContext } from "../hpke/hpke.ts";

export interface NamedEmoji {
  readonly emoji: string;
  /** For those who hear it, and for those whose screen draws it otherwise. */
  readonly name: string;
}

/** 64 that nobody takes for one another, at any size. Their order is part of the protocol. */
const table: readonly (readonly [emoji: string, name: string])[] = [
  ["🐶", "dog"],
  ["🐱", "cat"],
  ["🦁", "lion"],
  ["🐴", "horse"],
  ["🐷", "pig"],
  ["🐘", "elephant"],
  ["🐰", "rabbit"],
  ["🐼", "panda"],
  ["🐔", "chicken"],
  ["🐧", "penguin"],
  ["🐢", "turtle"],
  ["🐟", "fish"],
  ["🐙", "octopus"],
  ["🦋", "butterfly"],
  ["🐝", "bee"],
  ["🐌", "snail"],
  ["🌷", "tulip"],
  ["🌳", "tree"],
  ["🌵", "cactus"],
  ["🍄", "mushroom"],
  ["🌍", "globe"],
  ["🌙", "moon"],
  ["☁️", "cloud"],
  ["🔥", "fire"],
  ["🍌", "banana"],
  ["🍎", "apple"],
  ["🍓", "strawberry"],
  ["🌽", "corn"],
  ["🍕", "pizza"],
  ["🎂", "cake"],
  ["🍇", "grapes"],
  ["🥕", "carrot"],
  ["🤖", "robot"],
  ["🎩", "hat"],
  ["👓", "glasses"],
  ["🔧", "wrench"],
  ["🎅", "santa"],
  ["👍", "thumbs up"],
  ["☂️", "umbrella"],
  ["⌛", "hourglass"],
  ["⏰", "clock"],
  ["🎁", "gift"],
  ["💡", "light bulb"],
  ["📕", "book"],
  ["✏️", "pencil"],
  ["📎", "paper clip"],
  ["✂️", "scissors"],
  ["🔒", "lock"],
  ["🔑", "key"],
  ["🔨", "hammer"],
  ["☎️", "telephone"],
  ["🏁", "flag"],
  ["🚂", "train"],
  ["🚲", "bicycle"],
  ["✈️", "aeroplane"],
  ["🚀", "rocket"],
  ["🏆", "cup"],
  ["⚽", "ball"],
  ["🎸", "guitar"],
  ["🎺", "trumpet"],
  ["🔔", "bell"],
  ["⚓", "anchor"],
  ["🎧", "headphones"],
  ["📌", "pin"],
];

const count = 4;

/** Four emoji that both ends of a transfer can compute and nobody between them: 24 bits of its exporter secret (CRYPTO 2.9). */
export function linkEmoji(context: HpkeContext): readonly NamedEmoji[] {
  return Array.from(context.export(label("link-emoji"), count), (byte) => {
    const [emoji, name] = table[byte % table.length]!;
    return { emoji, name };
  });
}
