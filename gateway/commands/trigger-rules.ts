import { TRIGGER_TRAILING_STOP } from '../../engine/messages/types.js';
import { type Problem, problem } from './problem.js';

/** Fields of `place` that only orders which wait for a price may have. */
export const TRIGGER_FIELDS = [
  'triggerPrice',
  'triggerBy',
  'trailingAmount',
  'trailingRate',
  'ocoOrderId',
  'ocoClientOrderId',
  'closePosition',
] as const;

type TriggerField = (typeof TRIGGER_FIELDS)[number];

/** What is missing or too much among the fields that are given. `orderType`: as it is shown in a sentence. */
export function triggerProblem(
  kind: number,
  given: readonly TriggerField[],
  orderType: string,
): Problem | null {
  const has = (name: TriggerField) => given.includes(name);
  if (kind === 0) {
    if (given.length === 0) return null;
    const message = `${given[0]} must be absent unless orderType is a stop or take_profit`;
    return problem('flags_are_contradictory', message);
  }
  if (has('ocoOrderId') && has('ocoClientOrderId')) {
    const message = 'at most one of ocoOrderId and ocoClientOrderId may be present';
    return problem('order_must_be_named_once', message);
  }
  const trails = kind === TRIGGER_TRAILING_STOP;
  if (trails && has('triggerPrice')) {
    const message = `triggerPrice must be absent when orderType is ${orderType}`;
    return problem('flags_are_contradictory', message);
  }
  if (!trails && !has('triggerPrice')) {
    const message = `triggerPrice must be present when orderType is ${orderType}`;
    return problem('field_is_missing', message);
  }
  if (trails ? has('trailingAmount') !== has('trailingRate') : !hasDistance(has)) return null;
  const wanted = trails ? 'exactly one of trailingAmount and trailingRate must be present' : null;
  const unwanted = 'trailingAmount and trailingRate must be absent';
  const message = `${wanted ?? unwanted} when orderType is ${orderType}`;
  return problem('trailing_distance_must_be_given_once', message);
}

function hasDistance(has: (name: TriggerField) => boolean): boolean {
  return has('trailingAmount') || has('trailingRate');
}
