import fs from 'node:fs';
import path from 'node:path';
import type { Xorshift } from '../../engine/testing/xorshift.js';

/** Flips one bit in a random segment or snapshot of a shard's folder; says where. */
export function flipOneByte(shardFolder: string, random: Xorshift): string {
  const files = ['journal', 'snapshots'].flatMap((name) => {
    const folder = path.join(shardFolder, name);
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder).map((file) => path.join(folder, file));
  });
  const sound = files.filter((file) => /\.(journal|snapshot)$/.test(file)).sort();
  if (sound.length === 0) return 'nowhere';
  const file = random.pick(sound);
  const bytes = fs.readFileSync(file);
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  fs.writeFileSync(file, bytes);
  return `byte ${at} of ${path.basename(file)}`;
}
