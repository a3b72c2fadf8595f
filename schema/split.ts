/**
 * Splits `items` into parts of at most `most` items and, but for a single larger one, at most `mostSize` in size; in order, as few
 * as that gives. The same items always make the same parts.
 */
export function splitBySize<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  most: number,
  mostSize: number,
): (readonly Item[])[] {
  const parts: (readonly Item[])[] = [];
  let start = 0;
  let size = 0;
  items.forEach((item, index) => {
    const own = sizeOf(item);
    if (index > start && (index - start >= most || size + own > mostSize)) {
      parts.push(items.slice(start, index));
      start = index;
      size = 0;
    }
    size += own;
  });
  if (start < items.length) parts.push(start === 0 ? items : items.slice(start));
  return parts;
}
