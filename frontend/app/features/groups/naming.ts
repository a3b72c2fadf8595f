/** Names of groups. Pure. */
const nameMaxChars = 100;
const sayWhenLeft = 20;

export interface NameView {
  /** As it would be stored. */
  readonly name: string;
  readonly isGood: boolean;
  /** Characters left, told only near the limit; negative beyond it. */
  readonly left: number | undefined;
}

export function nameView(typed: string): NameView {
  const name = typed.trim().replace(/\s+/g, " ");
  const left = nameMaxChars - name.length;
  return { name, isGood: name !== "" && left >= 0, left: left <= sayWhenLeft ? left : undefined };
}
