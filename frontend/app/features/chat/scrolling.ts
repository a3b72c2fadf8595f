/** Where a conversation stands on its scroll axis. Pure arithmetic over pixels. */
import type { Sequence } from "#schema/ids.ts";

/** Within this distance of the end, new messages pull the view along. */
const stickWithinPx = 100;
/** Older messages are asked for one screen before the top is reached. */
const prefetchScreens = 1;

export interface ScrollBox {
  readonly scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

function distanceToEnd(box: ScrollBox): number {
  return Math.max(0, box.scrollHeight - box.clientHeight - box.scrollTop);
}

export function sticksToEnd(box: ScrollBox): boolean {
  return distanceToEnd(box) <= stickWithinPx;
}

export function wantsOlder(box: ScrollBox): boolean {
  return box.scrollTop < box.clientHeight * prefetchScreens;
}

/** A row of the list in the coordinates of the scrolled content. */
export interface Row {
  readonly key: string;
  readonly top: number;
  readonly bottom: number;
  readonly seq: Sequence | undefined;
}

export interface Anchor {
  readonly key: string;
  /** Distance of the row's top from the top of the view. */
  readonly offset: number;
}

/** The first row that can be seen: what must not move when something changes above it. */
export function anchorOf(rows: readonly Row[], box: ScrollBox): Anchor | undefined {
  const row = rows.find((candidate) => candidate.bottom > box.scrollTop);
  return row === undefined ? undefined : { key: row.key, offset: row.top - box.scrollTop };
}

/** The scroll position that puts an anchor back where it was. */
export function scrollTopFor(anchor: Anchor, rows: readonly Row[]): number | undefined {
  const row = rows.find((candidate) => candidate.key === anchor.key);
  return row === undefined ? undefined : row.top - anchor.offset;
}

/** The last sequence number whose bubble has been wholly on screen, or whose end has for one taller than it. */
export function seenUpTo(rows: readonly Row[], box: ScrollBox): Sequence | undefined {
  const viewEnd = box.scrollTop + box.clientHeight + 1;
  return rows.findLast((row) => row.seq !== undefined && row.bottom <= viewEnd)?.seq;
}
