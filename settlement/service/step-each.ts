/**
 * One step for each, in order. One that is stuck must not stop the others: its trouble is thrown only when nothing has moved. True:
 * something has.
 */
export async function stepEach<Item>(
  items: readonly Item[],
  step: (item: Item) => Promise<boolean>,
): Promise<boolean> {
  let moved = false;
  let trouble: unknown = null;
  for (const item of items) {
    try {
      moved = (await step(item)) || moved;
    } catch (error) {
      trouble ??= error;
    }
  }
  if (trouble !== null && !moved) throw trouble;
  return moved;
}
