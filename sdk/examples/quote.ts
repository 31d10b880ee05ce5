/** Quotes one order, waits for what happens to it. Run: node dist/sdk/examples/quote.js URL API_KEY SECRET */
import { PlimsollClient } from '../client.js';
import { apiKeyLogin } from '../login.js';

const [url = 'ws://127.0.0.1:8080/v1', apiKey = '', apiSecret = ''] = process.argv.slice(2);
const client = await PlimsollClient.connect({ url, login: apiKeyLogin(apiKey, apiSecret) });
client.on('fill', (fill) => console.log(`filled ${fill.qty} at ${fill.price}`));
client.on('resumed', (channel, complete) => console.log(`${channel} is back`, { complete }));
await client.subscribe('private');
await client.subscribe('book.BTC-PERP');
const price = client.book('BTC-PERP').bids[0]?.[0] ?? '50000.0';
const order = { market: 'BTC-PERP', side: 'buy', price, qty: '0.001', postOnly: 'slide' } as const;
console.log(await client.place({ ...order, clientOrderId: `quote-${Date.now()}` }));
