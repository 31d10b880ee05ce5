/** Progress and complaints; standard output carries the report alone. */
export function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
