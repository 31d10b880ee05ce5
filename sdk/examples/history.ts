/** Prints all fills of an account, oldest first: node dist/sdk/examples/history.js http://127.0.0.1:8080 KEY SECRET */
import { RestClient } from '../rest-client.js';

const [url = 'http://127.0.0.1:8080', apiKey = '', apiSecret = ''] = process.argv.slice(2);
const client = new RestClient({ url, apiKey, apiSecret });
for await (const fill of client.rows('/v1/history/fills', { sort: 'oldest', limit: 1000 })) {
  process.stdout.write(`${JSON.stringify(fill)}\n`);
}
