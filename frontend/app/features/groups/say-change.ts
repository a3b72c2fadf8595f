/** System lines: what an operation did to a group, as a sentence for the one who reads it. Pure. */
import type { GroupChangeView, MessageView, PersonView } from "#core/client-api.ts";
import type { AccountId } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { formatList } from "../../i18n/format.ts";

/** More names than this make a line that nobody reads. */
const namesMax = 4;

/** The name of who wrote or did something, to begin a sentence with. */
export function nameOfSender(message: Pick<MessageView, "mine" | "senderName">): string {
  if (message.mine) return text.groups.you;
  return message.senderName === "" ? text.groups.someone : message.senderName;
}

function nameOfPerson(person: PersonView, self: AccountId | undefined): string {
  if (person.account === self) return text.groups.youAsObject;
  return person.username === "" ? text.groups.someoneAsObject : person.username;
}

/** "you, anna, ben and 12 others": oneself first, whoever is left over as a number. */
export function namesOf(people: readonly PersonView[], self: AccountId | undefined): string {
  const mineFirst = people.toSorted((a, b) => Number(b.account === self) - Number(a.account === self));
  const shown = mineFirst.length > namesMax ? mineFirst.slice(0, namesMax - 1) : mineFirst;
  const names = shown.map((person) => nameOfPerson(person, self));
  const rest = people.length - shown.length;
  return formatList(rest > 0 ? [...names, text.groups.andOthers(rest)] : names);
}

export function sayChange(
  message: Pick<MessageView, "mine" | "senderName">,
  change: GroupChangeView,
  self: AccountId | undefined,
): string {
  const words = text.groups.change;
  const who = nameOfSender(message);
  switch (change.type) {
    case "created": {
      const others = change.people.filter(({ account }) => !(message.mine && account === self));
      return others.length === 0 ? words.created(who) : words.createdWith(who, namesOf(others, self));
    }
    case "added": {
      const { people, sharedMessages } = change;
      if (sharedMessages === undefined) return words.added(who, namesOf(people, self));
      const line = words.addedSharing(who, namesOf(people, self), sharedMessages);
      return people.some(({ account }) => account === self) ? words.vouching(line) : line;
    }
    case "removed":
      return words.removed(who, namesOf(change.people, self));
    case "left":
      if (change.heir === undefined) return words.left(who);
      return change.heir.account === self
        ? words.leftToYou(who)
        : words.leftToHeir(who, change.heir.username || text.groups.someone);
    case "role":
      return words.role[change.role](who, nameOfPerson(change.person, self));
    case "renamed":
      return change.title === undefined ? words.renamedUnreadably(who) : words.renamed(who, change.title);
    case "picture":
      return change.isSet ? words.pictureSet(who) : words.pictureRemoved(who);
    case "link":
      return change.isOn ? words.linkOn(who) : words.linkOff(who);
    case "link_terms":
      return change.needsApproval ? words.linkAsks(who) : words.linkOpen(who);
    case "joined":
      return words.joined(who);
    case "dissolved":
      return words.dissolved(who);
  }
}
