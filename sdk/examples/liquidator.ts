/**
 * A liquidator that connects like anybody else; its account has to be registered. Ends with Ctrl-C. Run:
 *
 *     node dist/sdk/examples/liquidator.js URL API_KEY SECRET [DISCOUNT [POSITION_MAX_USD]]
 */
import { PlimsollClient } from '../client.js';
import { apiKeyLogin } from '../login.js';
import { LiquidatorBot } from './liquidator-bot.js';

const [url = 'ws://127.0.0.1:8080/v1', apiKey = '', apiSecret = '', discount, most] =
  process.argv.slice(2);
const client = await PlimsollClient.connect({ url, login: apiKeyLogin(apiKey, apiSecret) });
client.on('disconnected', (code, reason) => console.log(`disconnected: ${code} ${reason}`));
client.on('error', (error) => {
  console.error(`turned away: ${error.message}`);
  process.exit(1);
});
const bot = new LiquidatorBot(client, {
  ...(discount === undefined ? {} : { wantedDiscount: Number(discount) }),
  ...(most === undefined ? {} : { positionMaxUsd: Number(most) }),
  say: (sentence) => console.log(sentence),
});
await bot.start();
console.log(`account ${client.accountId} waits for auctions`);
process.once('SIGINT', async () => {
  await bot.stop();
  await client.close();
});
