/** Passes an answer on for as long as `mayGoOn` says so of each further part's length; then it ends with an error. Status and headers stay. */
export function limitBody(response: Response, mayGoOn: (bytes: number) => boolean): Response {
  if (response.body === null) return response;
  const limited = new TransformStream<Uint8Array, Uint8Array>({
    transform: (part, controller) => {
      if (mayGoOn(part.length)) controller.enqueue(part);
      else controller.error(new Error('the answer is too long'));
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(limited), { status, statusText, headers });
}

/** Lets pass so many bytes in all. */
export function upTo(bytesMax: number): (bytes: number) => boolean {
  let left = bytesMax;
  return (bytes) => {
    left -= bytes;
    return left >= 0;
  };
}
