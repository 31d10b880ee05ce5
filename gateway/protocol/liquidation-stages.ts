import {
  LADDER_AUCTION,
  LADDER_COVER,
  LADDER_DELEVERAGE,
  LADDER_FUND,
  LADDER_SLICE,
  LIQUIDATION_BEGUN,
  LIQUIDATION_ENDED,
  LIQUIDATION_RUNG,
} from '../../engine/messages/types.js';
import { LIQUIDATION_STAGES } from './names.js';

type Stage = (typeof LIQUIDATION_STAGES)[number];

/** The engine numbers the rungs of the ladder apart from beginning and end, with room between; clients get names. */
const STAGE_OF = new Map<number, Stage>([
  [LIQUIDATION_BEGUN, 'begun'],
  [LIQUIDATION_ENDED, 'ended'],
  [LIQUIDATION_RUNG + LADDER_SLICE, 'slices'],
  [LIQUIDATION_RUNG + LADDER_AUCTION, 'auction'],
  [LIQUIDATION_RUNG + LADDER_FUND, 'fund'],
  [LIQUIDATION_RUNG + LADDER_DELEVERAGE, 'deleveraging'],
  [LIQUIDATION_RUNG + LADDER_COVER, 'debt'],
]);

/** Index in LIQUIDATION_STAGES of the stage in EVT_LIQUIDATION. */
export function stageIndex(engineStage: number): number {
  return LIQUIDATION_STAGES.indexOf(STAGE_OF.get(engineStage) ?? 'none');
}
