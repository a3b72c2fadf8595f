/** What the app says of choosing a group's picture, in English. Fetched with what shows it. */
export const pictureText = {
  change: "Change the group picture",
  add: "Add a group picture",
  choose: "Choose a picture",
  remove: "Remove picture",
  title: "Group picture",
  preview: "The picture as the group will show it",
  note: "Only the members can see it. Place and time are not kept.",
  save: "Use picture",
  saving: "Saving…",
  another: "Choose another",
  unusable: "This file cannot be used. Choose a JPEG, PNG, WebP or GIF picture.",
} as const;
