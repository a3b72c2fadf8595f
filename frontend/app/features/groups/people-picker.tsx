import "./people-picker.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { PersonView } from "#core/client-api.ts";
import { groupMembersMax } from "#schema/envelope/group-change.ts";
import { text } from "../../i18n/en.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import {
  foldTyped,
  isFull,
  matching,
  type Pick,
  pickFor,
  type PickingGround,
  readTyped,
  splitNames,
  toggled,
  type TypedName,
} from "./picking.ts";

interface PickerProps {
  ground: PickingGround;
  /** How many are in the group besides those being chosen. */
  others: number;
  picks: readonly Pick[];
  onPicks: (picks: readonly Pick[]) => void;
  /** Names that turned out to be nobody's, as far as that is known. */
  wrong: readonly string[];
  /** Enter with nothing typed. */
  onDone: () => void;
}

/** Chips, a field for names, and the people one talks with. Everything works from the field by keyboard alone. */
export function PeoplePicker({ ground, others, picks, onPicks, wrong, onDone }: PickerProps) {
  const [typed, setTyped] = useState("");
  const root = useRef<HTMLFormElement>(null);
  const full = isFull(others, picks);
  const read = readTyped(typed, picks, ground);
  const shown = matching(ground.known, typed);

  function add(pick: Pick | undefined): void {
    if (pick === undefined || full) return;
    onPicks(toggled(picks, pick));
    setTyped("");
  }

  function change(value: string): void {
    const { names, rest } = splitNames(value.trimStart());
    const free = names.filter((name) => name !== ground.self && !ground.inGroup.has(name));
    if (free.length === 0) {
      setTyped(value.replace(/^\s*@/, ""));
      return;
    }
    const added = free.filter((name) => !picks.some(({ username }) => username === name));
    const accountOf = (name: string) => ground.known.find(({ username }) => username === name)?.account;
    const room = groupMembersMax - others - picks.length;
    const next = added.slice(0, room).map((username) => ({ username, account: accountOf(username) }));
    onPicks([...picks, ...next]);
    setTyped(rest);
  }

  /** From the field into the list and back. */
  function move(event: KeyboardEvent): void {
    const boxes = [...(root.current?.querySelectorAll<HTMLElement>("input[type=checkbox]") ?? [])];
    const field = root.current?.querySelector<HTMLInputElement>(".field input") ?? undefined;
    const at = boxes.findIndex((box) => box === document.activeElement);
    if (event.key === "Backspace" && typed === "" && document.activeElement === field) {
      onPicks(picks.slice(0, -1));
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (next < 0 ? field : (boxes[next] ?? boxes.at(-1)))?.focus();
    }
  }

  useEffect(() => {
    const form = root.current;
    form?.addEventListener("keydown", move);
    return () => form?.removeEventListener("keydown", move);
  });

  return (
    <form
      ref={root}
      class="picker"
      onSubmit={(event) => {
        event.preventDefault();
        if (foldTyped(typed) === "") onDone();
        else add(pickFor(typed, picks, ground));
      }}
    >
      <div class="picker-head">
        {picks.length > 0 && (
          <Chips picks={picks} wrong={wrong} onRemove={(pick) => onPicks(toggled(picks, pick))} />
        )}
        <TextField
          label={text.groups.picker.field}
          prefix="@"
          value={typed}
          autocomplete="off"
          autofocus
          wrong={wrong.length > 0}
          hint={hintFor(read, full, wrong)}
          onValue={change}
        />
      </div>
      <div class="dialog-scroll">
        {read.type === "name" && !full && (
          <button
            type="button"
            class="new-chat-start"
            onClick={() => add({ username: read.username, account: undefined })}
          >
            <span class="new-chat-start-icon">
              <Icon name="personAdd" />
            </span>
            <span class="ellipsis">{text.groups.picker.add(read.username)}</span>
          </button>
        )}
        {shown.length > 0 && <h3 class="section-title">{text.groups.picker.known}</h3>}
        {ground.known.length === 0 && typed === "" && (
          <p class="picker-nobody">{text.groups.picker.nobodyKnown}</p>
        )}
        <ul class="people">
          {shown.map((person) => (
            <KnownPerson
              key={person.account}
              person={person}
              picked={picks.some(({ username }) => username === person.username)}
              full={full}
              onToggle={() => {
                onPicks(toggled(picks, { username: person.username, account: person.account }));
                setTyped("");
              }}
            />
          ))}
        </ul>
      </div>
    </form>
  );
}

function hintFor(read: TypedName, full: boolean, wrong: readonly string[]): string {
  const words = text.groups.picker;
  const [first] = wrong;
  if (first !== undefined) return wrong.length === 1 ? words.wrongOne(first) : words.wrongSome;
  if (full) return words.full(groupMembersMax);
  if (read.type === "self") return words.self;
  return read.type === "in_group" ? words.inGroup(read.username) : words.hint;
}

interface ChipsProps {
  picks: readonly Pick[];
  wrong: readonly string[];
  onRemove: (pick: Pick) => void;
}

function Chips({ picks, wrong, onRemove }: ChipsProps) {
  return (
    <ul class="chips" aria-label={text.groups.picker.picked}>
      {picks.map((pick) => (
        <li key={pick.username}>
          <button
            type="button"
            class={wrong.includes(pick.username) ? "chip chip-wrong" : "chip"}
            aria-label={text.groups.picker.remove(pick.username)}
            onClick={() => onRemove(pick)}
          >
            <Avatar account={pick.account ?? pick.username} name={pick.username} size="xs" />
            <bdi class="ellipsis">{pick.username}</bdi>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}

interface KnownPersonProps {
  person: PersonView;
  picked: boolean;
  full: boolean;
  onToggle: () => void;
}

function KnownPerson({ person, picked, full, onToggle }: KnownPersonProps) {
  return (
    <li>
      <label class="person check-row picker-person">
        <Avatar account={person.account} name={person.username} size="s" />
        <span class="picker-name ellipsis">
          <bdi>{person.username}</bdi>
        </span>
        <input type="checkbox" checked={picked} disabled={full && !picked} onChange={onToggle} />
      </label>
    </li>
  );
}
