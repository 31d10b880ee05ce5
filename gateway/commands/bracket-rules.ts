import type { OrderDraft } from './draft.js';
import { type Problem, problem } from './problem.js';

/** Fields of `place` that attach a take-profit or a stop to the order. */
export const BRACKET_FIELDS = [
  'takeProfitPrice',
  'takeProfitLimit',
  'takeProfitBy',
  'stopLossPrice',
  'stopLossLimit',
  'stopLossBy',
] as const;

type BracketField = (typeof BRACKET_FIELDS)[number];

/**
 * What is wrong with what is attached, as far as no state of the exchange is needed: whether a price lies on the right side of a market order is for the
 * shard to say. `orderType`: as it is shown in a sentence.
 */
export function bracketProblem(
  draft: OrderDraft,
  given: readonly BracketField[],
  orderType: string,
): Problem | null {
  const [first] = given;
  if (first === undefined) return null;
  const contradiction = (message: string) => problem('flags_are_contradictory', message);
  if (draft.triggerKind !== 0) {
    return contradiction(`${first} must be absent when orderType is ${orderType}`);
  }
  if (draft.reduceOnly) return contradiction(`${first} must be absent when reduceOnly is true`);
  for (const name of ['takeProfit', 'stopLoss'] as const) {
    const dependent = given.find((field) => field.startsWith(name) && field !== `${name}Price`);
    if (dependent === undefined || given.includes(`${name}Price`)) continue;
    const message = `${name}Price must be present when ${dependent} is`;
    return problem('field_is_missing', message);
  }
  return null;
}
