"""ccxt in Python against a running exchange; .ci/ccxt-python.mjs starts it and gives the host and two accounts as JSON."""

import asyncio
import json
import re
import sys
import time
import traceback

import ccxt.pro as ccxt

SYMBOL = 'BTC/USDT:USDT'
# Of what hangs: others load this machine too.
WAIT_S = 60
held = 0
total = 0


async def check(name, run):
    global held, total
    total += 1
    try:
        await run()
        held += 1
        print('ok     ', name, flush=True)
    except Exception:
        print('not ok ', name, traceback.format_exc(), flush=True)


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f'{what} must be {expected!r}, but is {actual!r}')


async def eventually(ask, condition, sentence):
    end = time.monotonic() + WAIT_S
    while True:
        answer = await ask()
        if condition(answer):
            return answer
        if time.monotonic() > end:
            raise AssertionError(f'{sentence}; the last answer: {answer!r}')
        await asyncio.sleep(0.05)


def client(host, key):
    own = ccxt.binance({
        'apiKey': key['apiKey'],
        'secret': key['apiSecret'],
        'enableRateLimit': False,
        'newUpdates': True,
        'options': {
            'defaultType': 'swap',
            'fetchCurrencies': False,
            'fetchMargins': False,
            'fetchMarkets': {'types': ['linear']},
        },
    })

    def here(value):
        if isinstance(value, str):
            return re.sub(r'^https://[^/]+', f'http://{host}', re.sub(r'^wss://[^/]+', f'ws://{host}', value))
        if isinstance(value, dict):
            return {name: here(each) for name, each in value.items()}
        return value

    own.urls['api'] = here(own.urls['api'])
    own.urls['api']['ws']['future'] = f'ws://{host}/ws'
    for name in ('future', 'linear'):
        own.urls['api']['ws']['ws-api'][name] = f'ws://{host}/ws-fapi/v1'
    return own


async def watched(watch):
    """A cut connection fails what waited on it; who asks again gets a new one."""
    while True:
        try:
            return await watch()
        except ccxt.NetworkError:
            await asyncio.sleep(0.05)


async def order_checks(one, other):
    state = {}

    async def creates():
        order = await one.create_order(SYMBOL, 'limit', 'buy', 0.01, 99000)
        state['id'] = order['id']
        same([order['status'], order['price'], order['amount']], ['open', 99000.0, 0.01], 'order')
        amended = await one.edit_order(order['id'], SYMBOL, 'limit', 'buy', 0.02, 99000.5)
        same([amended['id'], amended['price'], amended['amount']], [order['id'], 99000.5, 0.02], 'order')

    async def fills():
        sold = await other.create_order(SYMBOL, 'market', 'sell', 0.005)
        same([sold['status'], sold['filled'], sold['average']], ['closed', 0.005, 99000.5], 'market order')
        half = await one.fetch_order(state['id'], SYMBOL)
        same([half['status'], half['filled'], half['remaining']], ['open', 0.005, 0.015], 'order')
        same(len(await one.fetch_my_trades(SYMBOL)), 1, 'trades')

    async def positions():
        await other.set_leverage(11, SYMBOL)
        position = (await other.fetch_positions([SYMBOL]))[0]
        same([position['side'], position['contracts'], position['entryPrice']], ['short', 0.005, 99000.5], 'position')
        if not position['liquidationPrice'] > 99000.5:
            raise AssertionError(f"liquidation price {position['liquidationPrice']}")
        balance = await one.fetch_balance()
        if not balance['USDT']['total'] > 9999:
            raise AssertionError(str(balance['USDT']))

    async def cancels():
        same((await one.cancel_order(state['id'], SYMBOL))['status'], 'canceled', 'status')
        same(await one.fetch_open_orders(SYMBOL), [], 'open orders')
        try:
            await one.cancel_order(state['id'], SYMBOL)
            raise AssertionError('a second cancel must fail')
        except ccxt.BaseError as error:
            same(re.search(r'"code":(-\d+)', str(error)).group(1), '-2011', 'code')

    await check('creates and amends an order', creates)
    await check('fills it in part by another account', fills)
    await check('shows position, liquidation price and balance', positions)
    await check('cancels it, and says so when it is gone', cancels)


async def stream_checks(one, other):
    seen = {'book': None, 'orders': []}

    async def keep(watch, take):
        while True:
            take(await watched(watch))

    def keep_book(book):
        seen['book'] = ([list(level[:2]) for level in book['bids']], [list(level[:2]) for level in book['asks']])

    tasks = [
        asyncio.ensure_future(keep(lambda: one.watch_order_book(SYMBOL), keep_book)),
        asyncio.ensure_future(keep(lambda: one.watch_orders(SYMBOL), seen['orders'].extend)),
    ]

    async def follows(price):
        mine = []

        # Nothing says from when on somebody is watched, and of what was before nothing is told: so one order after another.
        async def ask():
            if mine:
                await one.cancel_order(mine[-1], SYMBOL)
            mine.append((await one.create_order(SYMBOL, 'limit', 'sell', 0.004, price))['id'])
            await asyncio.sleep(0.2)
            return [order['id'] for order in seen['orders']]

        await eventually(ask, lambda ids: any(own in ids for own in mine), 'an order must be told')

        async def books():
            truth = await other.fetch_order_book(SYMBOL)
            return seen['book'], ([level[:2] for level in truth['bids']], [level[:2] for level in truth['asks']])

        agree = lambda both: both[0] == both[1] and [price, 0.004] in both[1][1]
        await eventually(books, agree, 'the watched book must become that of the exchange')

    async def before():
        await follows(105000)

    async def after():
        open_ones = [each.connection for each in one.clients.values() if each.connection is not None]
        if len(open_ones) < 2:
            raise AssertionError('book and orders must be open')
        for connection in open_ones:
            await connection.close()
        await follows(105100)

    async def by_socket():
        placed = await one.create_order_ws(SYMBOL, 'limit', 'buy', 0.01, 97000)
        same(placed['price'], 97000.0, 'price')
        same((await one.cancel_order_ws(placed['id'], SYMBOL))['status'], 'canceled', 'status')

    await check('watches its orders and the book of the exchange', before)
    await check('goes on after the connection was cut', after)
    await check('places and cancels by the WebSocket API', by_socket)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def main():
    given = json.loads(sys.argv[1])
    one, other = [client(given['host'], key) for key in given['keys']]

    async def loads():
        market = (await one.load_markets())[SYMBOL]
        same([market['precision']['price'], market['precision']['amount']], [0.1, 0.001], 'steps')
        await other.load_markets()

    try:
        await check('loads the markets', loads)
        await order_checks(one, other)
        await stream_checks(one, other)
    finally:
        await one.close()
        await other.close()
    print(f'checks: {held} of {total} held')
    return 0 if held == total else 1


sys.exit(asyncio.run(main()))
