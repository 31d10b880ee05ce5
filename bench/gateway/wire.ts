/** One connection of the load's client, in the language of a door. The echo of a request counts as its answer. */
export interface LoadWire {
  /** Called once for each answer, with the number of its request. */
  onAnswer: (request: number) => void;
  /** Requests that were answered by an error, such as the cancel of an order that has traded. */
  readonly errors: number;
  /** Adds the next request to what the next flush sends; gives its number, one more than that of the last one. */
  request(): number;
  flush(): void;
  close(): void;
}
