import { LAYOUTS as ALL } from '../config/config.js';

/** Those that differ most: everything in one thread, and a thread for each shard. `.ci/run` has a step with the one between. */
const DEFAULT = 'inline,spread';

/** The layouts whose exchanges are tested: of PLIMSOLL_LAYOUTS, names with commas between. */
export const LAYOUTS = (process.env.PLIMSOLL_LAYOUTS ?? DEFAULT).split(',').map((name) => {
  const layout = ALL.find((known) => known === name);
  if (layout !== undefined) return layout;
  throw new Error(`PLIMSOLL_LAYOUTS: ${name} is not one of ${ALL.join(', ')}`);
});
