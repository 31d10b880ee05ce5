import fs from 'node:fs';
import path from 'node:path';

/** Options for an exchange on the real clock whose money is compared: funding that falls due in the midst of it would be a difference. */
export function withoutFunding(dataDir: string): string[] {
  const config = path.join(dataDir, 'no-funding.toml');
  fs.writeFileSync(config, '[pricing]\nfundingIntervalMinutes = 0\n');
  return ['--config', config];
}
