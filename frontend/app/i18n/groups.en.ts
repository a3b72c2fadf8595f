/** What the app says of groups, in English. */
import { plural } from "./format.ts";

export const groups = {
  you: "You",
  youAsObject: "you",
  someone: "Someone",
  someoneAsObject: "someone",
  andOthers: (count: number) => plural(count, "1 other", `${count} others`),
  unnamed: "Group",
  members: (count: number) => plural(count, "1 member", `${count} members`),
  typing: (name: string) => `${name} is typing…`,
  says: (name: string) => `${name}: `,
  via: (name: string) => `via ${name}`,
  viaHint: (name: string) => `${name} handed this message over and vouches for who wrote it.`,
  openInfo: (title: string) => `${title}, group info`,
  encryption: "Messages here are end-to-end encrypted. Only the members of this group can read them.",

  change: {
    created: (who: string) => `${who} created the group`,
    createdWith: (who: string, whom: string) => `${who} created the group with ${whom}`,
    added: (who: string, whom: string) => `${who} added ${whom}`,
    addedSharing: (who: string, whom: string, count: number) =>
      `${who} added ${whom} and shared the last ${plural(count, "message", `${count.toLocaleString("en")} messages`)}`,
    vouching: (line: string) => `${line}, vouching for who wrote them`,
    removed: (who: string, whom: string) => `${who} removed ${whom}`,
    left: (who: string) => `${who} left`,
    leftToHeir: (who: string, heir: string) => `${who} left. ${heir} owns the group from now on`,
    leftToYou: (who: string) => `${who} left. You own the group from now on`,
    role: {
      member: (who: string, whom: string) => `${who} made ${whom} an ordinary member`,
      admin: (who: string, whom: string) => `${who} made ${whom} an admin`,
      owner: (who: string, whom: string) => `${who} made ${whom} an owner`,
    },
    renamed: (who: string, title: string) => `${who} named the group “${title}”`,
    renamedUnreadably: (who: string) => `${who} changed the name of the group`,
    linkOn: (who: string) => `${who} made a new invite link`,
    linkOff: (who: string) => `${who} turned the invite link off`,
    linkAsks: (who: string) => `${who} changed the invite link: an admin approves`,
    linkOpen: (who: string) => `${who} opened the invite link`,
    joined: (who: string) => `${who} joined by the invite link`,
    dissolved: (who: string) => `${who} dissolved the group`,
    folded: (count: number) => plural(count, "1 earlier change", `${count} earlier changes`),
  },

  start: {
    by: (count: number) => `A group of ${plural(count, "1 member", `${count} members`)}`,
    add: "Add people",
    info: "Group info",
  },

  readOnly: {
    left: "You left this group. What you have read until then stays here.",
    removed: "You are no longer in this group. What you have read until then stays here.",
    dissolved: "This group was dissolved. Nobody can write here any more.",
  },
  contradicted:
    "What the server says about this group does not match what its members signed. Nothing is sent until that is cleared up.",

  create: {
    action: "New group",
    peopleTitle: "New group",
    nameTitle: "Name the group",
    next: "Next",
    create: "Create group",
    creating: "Creating the group…",
    name: "Group name",
    nameHint: "Only the members can read this name.",
    nameLeft: (count: number) => plural(count, "1 character left", `${count} characters left`),
    with: (count: number) => plural(count, "1 person and you", `${count} people and you`),
  },
  picker: {
    field: "Usernames",
    hint: "Tap people you know, or type an exact username.",
    picked: "Chosen",
    remove: (name: string) => `Remove ${name}`,
    add: (name: string) => `Add @${name}`,
    known: "People you talk with",
    nobodyKnown: "Nobody else here yet. Type the exact username of someone.",
    self: "That is you. You are in the group anyway.",
    inGroup: (name: string) => `@${name} is in the group already.`,
    full: (most: number) => `A group has at most ${most.toLocaleString("en")} members.`,
    wrongOne: (name: string) => `Nobody has the username @${name}. Remove or correct it.`,
    wrongSome: "Somebody has none of the marked usernames. Check each of them.",
  },

  info: {
    title: "Group info",
    rename: "Change the name",
    renameSave: "Save",
    members: "Members",
    find: "Find a member",
    noneFound: "Nobody here has a name like that.",
    add: "Add people",
    addTitle: "Add people",
    addAction: (count: number) => plural(count, "Add 1 person", `Add ${count} people`),
    failed: "The group could not be read on this device.",
    roles: { owner: "Owner", admin: "Admin", member: "Member" },
    memberLabel: (name: string, role: string) => `${name}, ${role}`,
    offline: "You are offline. A group can be changed only with a connection; nothing was changed.",
    createOffline: "You are offline. A group can be created only with a connection. Your choices stay here.",
    sealed: "The server knows who is in this group, not its name and not a word of it.",
  },
  member: {
    message: "Message",
    contact: "Security number",
    makeAdmin: "Make admin",
    makeOwner: "Make owner",
    dismissAdmin: "Dismiss as admin",
    dismissOwner: "Dismiss as owner",
    remove: "Remove from group",
    removeTitle: (name: string) => `Remove ${name}?`,
    removeBody: (name: string) =>
      `${name} keeps what was written until now and cannot read anything written from now on. An invite link of the group ends.`,
    removeAction: "Remove",
    ownerTitle: (name: string) => `Make ${name} an owner?`,
    ownerBody: (name: string) =>
      `${name} may then change everybody’s role, also yours, remove anyone and dissolve the group.`,
    ownerAction: "Make owner",
  },
  leave: {
    action: "Leave group",
    title: "Leave this group?",
    confirm: "Leave",
    body: (others: number) =>
      `You can no longer write here, and nothing new arrives. What you have read stays on your devices. ${plural(
        others,
        "The other member sees",
        `The other ${others} members see`,
      )} that you left.`,
    heirAdmin: "You are the only owner: the admin who has been here longest takes your place.",
    heirMember: "You are the only owner: the member who has been here longest takes your place.",
    alone: "You are the last one here: with you the group ends, and nobody can write in it again.",
  },
  dissolve: {
    action: "Dissolve group",
    title: "Dissolve this group for everyone?",
    confirm: "Dissolve",
    body: (count: number) =>
      `Nobody can write here any more: it ends for ${plural(
        count,
        "its only member",
        `all ${count} members`,
      )}, and that cannot be undone. Everybody keeps the messages they have.`,
  },

  messageInfo: {
    open: "Message info",
    title: "Message info",
    readBy: "Read by",
    deliveredTo: "Delivered to",
    waiting: "Not yet delivered",
    readable: (readable: number, devices: number) =>
      `Readable on ${readable} of ${plural(devices, "1 device", `${devices} devices`)}`,
    readableHint: "The devices it was sealed for that have its key. The others get it when they connect.",
    readableAll: "Every device it was sealed for has its key.",
  },
} as const;
