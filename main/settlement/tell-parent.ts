/** To the exchange, which may have ended in this moment: nobody is left then who would want to know. */
export function tellParent(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
