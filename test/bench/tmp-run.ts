import { Ours } from "./ours.ts";
import { benchAttachments } from "./attachments.ts";
import { printTable } from "./result.ts";
const ours = await Ours.start();
for (let i = 0; i < 1; i++) printTable(await benchAttachments({ ours }));
await ours.server.close();
process.exit(0);
