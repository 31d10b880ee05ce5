import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import quickfix.FieldNotFound;
import quickfix.Message;
import quickfix.fix44.MarketDataRequest;

/** A trader's day against the FIX door, with QuickFIX/J as the engine. Arguments: port, key, secret, key, secret, folder. */
public final class Peer {
  private static final BufferedReader OUTSIDE = new BufferedReader(new InputStreamReader(System.in));
  private static int held;
  private static int total;
  private static Relay relay;
  private static Trader maker;
  private static Trader taker;

  public static void main(String[] args) throws Exception {
    relay = new Relay(Integer.parseInt(args[0]));
    Path folder = Path.of(args[5]);
    wrongPassword(args[1], folder);
    maker = new Trader(relay.port(), args[1], args[2], folder.resolve("maker"), false);
    taker = new Trader(relay.port(), args[3], args[4], folder.resolve("taker"), false);
    maker.start();
    taker.start();
    check("both log on", maker.awaitLogons(1) && taker.awaitLogons(1));
    orders();
    refusals();
    marketData();
    massRequests();
    cutAndMissed();
    burst();
    gaps();
    heartbeats();
    outside("restart", "after an orderly stop");
    outside("kill", "after a kill");
    goodbye(args, folder);
    System.out.println("checks: " + held + " of " + total + " held");
    System.exit(held == total ? 0 : 1);
  }

  private static void wrongPassword(String key, Path folder) throws Exception {
    Trader stranger = new Trader(relay.port(), key, "wrong", folder.resolve("stranger"), true);
    stranger.start();
    boolean isTold = stranger.awaitLogout("secret");
    check("a wrong password is not let in", stranger.logons() == 0);
    check("and is told so", isTold);
    stranger.stop();
  }

  private static void orders() throws Exception {
    maker.send(limit("m1", "2", "0.010", "100000.1"));
    maker.send(limit("m2", "2", "0.010", "100000.2"));
    Message rests = report(maker, "m2", "0");
    check("an order is acknowledged", rests != null && rests.getString(39).equals("0"));
    taker.send(limit("t1", "1", "0.015", "100001"));
    Message first = report(taker, "t1", "F");
    Message second = taker.await(0, is("t1", "F", 39, "2"));
    check("a part of an order fills", first != null && shows(first, "1", "0.005", "0.010", "100000.1"));
    BigDecimal average = new BigDecimal("100000.1").multiply(new BigDecimal("0.010"))
        .add(new BigDecimal("100000.2").multiply(new BigDecimal("0.005")));
    check("the rest fills, and the average is exact", second != null
        && shows(second, "2", "0", "0.015", null)
        && new BigDecimal(second.getString(6)).subtract(average.divide(new BigDecimal("0.015"), 9,
            java.math.RoundingMode.HALF_UP)).abs().signum() == 0);
    Message partly = report(maker, "m2", "F");
    check("the maker hears of its part", partly != null && shows(partly, "1", "0.005", "0.005", "100000.2"));
    maker.send(replace("m3", "m2", "2", "0.020", "100000.3"));
    Message replaced = report(maker, "m3", "5");
    check("an order is replaced", replaced != null && replaced.getString(41).equals("m2")
        && shows(replaced, "1", "0.015", "0.005", "100000.2"));
    maker.send(cancel("m4", "m3", "2"));
    Message canceled = report(maker, "m4", "4");
    check("an order is canceled by the name of its replacement", canceled != null
        && canceled.getString(41).equals("m3") && shows(canceled, "4", "0", "0.005", "100000.2"));
    taker.send(market("t2", "1", "0.001"));
    Message nothing = report(taker, "t2", "4");
    check("a market order without anybody to trade with ends", nothing != null && shows(nothing, "4", "0", "0", "0"));
  }

  private static void refusals() throws Exception {
    maker.send(limit("r1", "1", "0.010", "100000.15"));
    Message refused = report(maker, "r1", "8");
    check("a price between ticks is refused", refused != null && refused.getString(58).contains("tick"));
    maker.send(cancel("r2", "nobody", "1"));
    Message reject = maker.await(0, message -> Trader.type(message).equals("9"));
    check("an order that is not there is not canceled", reject != null && reject.getString(102).equals("1"));
    maker.send(cancel("r3", "m1", "2"));
    Message late = maker.await(0, message -> Trader.type(message).equals("9") && has(message, 11, "r3"));
    check("a filled order is not canceled", late != null && late.getString(102).equals("0")
        && late.getString(39).equals("2"));
    int from = maker.count();
    maker.send(limit("m1", "2", "0.010", "100000.1"));
    Message again = maker.await(from, message -> has(message, 11, "m1"));
    check("a ClOrdID is good for one order", again != null && again.getString(150).equals("I")
        && again.getString(39).equals("2"));
    Message strange = new Message();
    strange.getHeader().setString(35, "AE");
    strange.setString(571, "x");
    from = maker.count();
    maker.send(strange);
    Message business = maker.await(from, message -> Trader.type(message).equals("j"));
    check("a message that is not supported is told so", business != null && business.getString(380).equals("3"));
    Message wrong = limit("r4", "1", "0.010", "90000");
    wrong.setString(110, "1");
    from = maker.count();
    maker.send(wrong);
    Message session = maker.await(from, message -> Trader.type(message).equals("3"));
    check("a field that is not heeded is refused", session != null && session.getString(371).equals("110"));
  }

  private static void marketData() throws Exception {
    taker.send(marketDataRequest("md1", "BTC-PERP", '1'));
    Message snapshot = taker.await(0, message -> Trader.type(message).equals("W"));
    check("market data begins with a snapshot", snapshot != null && has(snapshot, 262, "md1"));
    int from = taker.count();
    maker.send(limit("d1", "1", "0.030", "99990"));
    Message update = taker.await(from, message -> Trader.type(message).equals("X"));
    check("and goes on with changes", update != null && update.getInt(268) == 1
        && update.getGroup(1, 268).getString(270).equals("99990.0")
        && update.getGroup(1, 268).getString(271).equals("0.030"));
    taker.send(limit("d2", "2", "0.010", "99990"));
    Message trade = taker.await(from, message -> Trader.type(message).equals("X") && hasEntry(message, "2"));
    check("and with trades", trade != null);
    taker.send(marketDataRequest("md2", "DOGE-PERP", '1'));
    Message refused = taker.await(0, message -> Trader.type(message).equals("Y"));
    check("a symbol that is not there is refused", refused != null && refused.getString(281).equals("0"));
    taker.send(marketDataRequest("md1", "BTC-PERP", '2'));
  }

  private static void massRequests() throws Exception {
    Message status = new Message();
    status.getHeader().setString(35, "H");
    status.setString(11, "d1");
    status.setString(55, "BTC-PERP");
    status.setString(54, "1");
    int from = maker.count();
    maker.send(status);
    Message answer = maker.await(from, message -> has(message, 150, "I"));
    check("a question for an order is answered", answer != null && shows(answer, "1", "0.020", "0.010", "99990"));
    Message all = new Message();
    all.getHeader().setString(35, "q");
    all.setString(11, "q1");
    all.setString(530, "7");
    all.setUtcTimeStamp(60, java.time.LocalDateTime.now(java.time.ZoneOffset.UTC));
    maker.send(all);
    Message done = maker.await(from, message -> Trader.type(message).equals("r"));
    check("all orders are canceled at once", done != null && done.getString(533).equals("1")
        && report(maker, "d1", "4") != null);
  }

  /** What happens while the connection is away is told when it is back. */
  private static void cutAndMissed() throws Exception {
    for (int i = 1; i <= 20; i++) maker.send(limit("c" + i, "2", "0.010", "100000." + (i % 10)));
    check("twenty orders rest", report(maker, "c20", "0") != null);
    int before = maker.logons();
    int beforeOfTaker = taker.logons();
    relay.close();
    Thread.sleep(500);
    for (int i = 21; i <= 25; i++) maker.send(limit("c" + i, "2", "0.010", "100002"));
    relay.open();
    check("both come back", maker.awaitLogons(before + 1) && taker.awaitLogons(beforeOfTaker + 1));
    check("orders of the time between arrive", report(maker, "c25", "0") != null);
    check("each once", count(maker, "c25", "0") == 1);
    int logons = taker.logons();
    taker.session().disconnect("a cut", false);
    maker.session().disconnect("a cut", false);
    maker.awaitLogons(before + 2);
    taker.awaitLogons(logons + 1);
    taker.send(limit("sweep", "1", "0.200", "100001"));
    check("all twenty fill", taker.await(0, is("sweep", "F", 39, "2")) != null);
    for (int i = 1; i <= 20; i++) report(maker, "c" + i, "F");
    int fills = 0;
    for (int i = 1; i <= 20; i++) fills += count(maker, "c" + i, "F");
    check("and the maker hears of each once", fills == 20);
    Set<String> ids = new HashSet<>();
    int reports = 0;
    for (Message message : maker.all(m -> Trader.type(m).equals("8") && !has(m, 150, "I") && !Trader.isAgain(m))) {
      ids.add(message.getString(17));
      reports++;
    }
    check("ExecIDs are unique", ids.size() == reports);
  }

  /** Cuts at any moment of a thousand orders: QuickFIX/J sends again what was asked for, and each order is made once. */
  private static void burst() throws Exception {
    int orders = 1_000;
    for (int i = 1; i <= orders; i++) {
      Message order = limit("b" + i, "1", "0.010", "99000");
      order.setString(59, "3");
      maker.send(order);
      if (i % 150 == 0) {
        int logons = maker.logons();
        relay.cut();
        maker.awaitLogons(logons + 1);
      }
    }
    for (int i = 1; i <= orders; i++) report(maker, "b" + i, "4");
    int[] made = new int[orders + 1];
    int[] ended = new int[orders + 1];
    Set<String> ids = new HashSet<>();
    for (Message message : maker.all(m -> Trader.type(m).equals("8") && m.isSetField(11))) {
      String id = message.getString(11);
      if (!id.matches("b\\d+") || !ids.add(message.getString(17) + id)) continue;
      int number = Integer.parseInt(id.substring(1));
      if (has(message, 150, "0")) made[number]++;
      if (has(message, 150, "4")) ended[number]++;
    }
    boolean each = true;
    for (int i = 1; i <= orders; i++) each &= made[i] == 1 && ended[i] == 1;
    check("a thousand orders through cuts are each made once, and each end is told", each);
  }

  private static void gaps() throws Exception {
    int next = maker.session().getExpectedTargetNum();
    int logons = maker.logons();
    relay.close();
    Thread.sleep(500);
    maker.session().setNextTargetMsgSeqNum(next - 15);
    relay.open();
    check("the maker logs on with messages missing", maker.awaitLogons(logons + 1));
    boolean isWhole = Trader.until(() -> maker.session().getExpectedTargetNum() >= next);
    long again = maker.all(Trader::isAgain).size();
    check("what is missing comes again, marked as such", again >= 5);
    check("and the numbers fit", isWhole);
    logons = maker.logons();
    relay.close();
    Thread.sleep(500);
    maker.session().setNextSenderMsgSeqNum(maker.session().getExpectedSenderNum() + 7);
    relay.open();
    check("the maker logs on with numbers left out", maker.awaitLogons(logons + 1));
    Thread.sleep(300);
    maker.send(limit("g1", "1", "0.010", "99000"));
    check("is asked for them, and goes on", report(maker, "g1", "0") != null);
    logons = maker.logons();
    relay.close();
    Thread.sleep(500);
    int right = maker.session().getExpectedSenderNum();
    maker.session().setNextSenderMsgSeqNum(1);
    relay.open();
    check("numbers that are too low are refused", maker.awaitLogout("MsgSeqNum too low"));
    relay.close();
    Thread.sleep(500);
    maker.session().setNextSenderMsgSeqNum(right);
    relay.open();
    check("and the right ones let in", maker.awaitLogons(logons + 1));
    maker.send(cancel("g2", "g1", "1"));
    check("as before", report(maker, "g2", "4") != null);
  }

  private static void heartbeats() throws Exception {
    int logons = maker.logons();
    Thread.sleep(7_000);
    check("silence is filled with heartbeats", maker.session().isLoggedOn() && maker.logons() == logons);
    Message test = new Message();
    test.getHeader().setString(35, "1");
    test.setString(112, "are you there");
    maker.send(test);
    Thread.sleep(500);
    check("a test request is answered", maker.session().isLoggedOn());
  }

  /** The exchange goes away with an order open, comes back, and the session goes on. */
  private static void outside(String what, String when) throws Exception {
    maker.send(limit(what + "1", "2", "0.010", "100000.5"));
    report(maker, what + "1", "0");
    int logons = maker.logons();
    long refusedBefore = tooLow();
    System.out.println("please " + what);
    relay.lead(Integer.parseInt(OUTSIDE.readLine()));
    boolean back = maker.awaitLogons(logons + 1);
    check(when + " the session goes on with its numbers", back && tooLow() == refusedBefore);
    Trader.until(() -> taker.session().isLoggedOn());
    taker.send(limit(what + "2", "1", "0.004", "100001"));
    Message fill = report(maker, what + "1", "F");
    check(when + " the order is still there", fill != null && shows(fill, "1", "0.006", "0.004", "100000.5"));
    maker.send(replace(what + "3", what + "1", "2", "0.008", "100000.6"));
    Message replaced = report(maker, what + "3", "5");
    check(when + " it can be replaced", replaced != null && shows(replaced, "1", "0.004", "0.004", "100000.5"));
    maker.send(cancel(what + "4", what + "3", "2"));
    check(when + " it can be canceled", report(maker, what + "4", "4") != null);
  }

  /** Logons of the maker that were refused because of their numbers. */
  private static long tooLow() {
    return maker.logouts().stream().filter(text -> text.contains("too low")).count();
  }

  private static void goodbye(String[] args, Path folder) throws Exception {
    int before = maker.logouts().size();
    maker.stop();
    check("a logout is answered", maker.logouts().size() > before);
    Trader anew = new Trader(relay.port(), args[1], args[2], folder.resolve("anew"), true);
    anew.start();
    check("a session may begin anew", anew.awaitLogons(1));
    anew.send(limit("n1", "1", "0.010", "99000"));
    check("and trade", report(anew, "n1", "0") != null);
    check("with numbers from 1 on", anew.session().getExpectedSenderNum() < 10);
    anew.stop();
    taker.stop();
    for (Trader trader : new Trader[] {maker, taker, anew}) {
      for (String complaint : trader.complaints()) System.out.println("complaint: " + complaint.replace('\u0001', '|'));
    }
    check("QuickFIX/J complains about nothing", maker.complaints().isEmpty() && taker.complaints().isEmpty()
        && anew.complaints().isEmpty());
  }

  private static Message report(Trader trader, String id, String execType) throws Exception {
    return trader.await(0, message -> Trader.type(message).equals("8") && has(message, 11, id) && has(message, 150, execType));
  }

  private static int count(Trader trader, String id, String execType) {
    return trader.all(message -> Trader.type(message).equals("8") && has(message, 11, id)
        && has(message, 150, execType) && !Trader.isAgain(message)).size();
  }

  private static Predicate<Message> is(String id, String execType, int tag, String value) {
    return message -> Trader.type(message).equals("8") && has(message, 11, id) && has(message, 150, execType) && has(message, tag, value);
  }

  private static boolean has(Message message, int tag, String value) {
    try {
      return message.isSetField(tag) && message.getString(tag).equals(value);
    } catch (FieldNotFound missing) {
      return false;
    }
  }

  private static boolean hasEntry(Message message, String type) {
    try {
      for (int i = 1; i <= message.getInt(268); i++) {
        if (message.getGroup(i, 268).getString(269).equals(type)) return true;
      }
    } catch (FieldNotFound missing) {
      return false;
    }
    return false;
  }

  /** OrdStatus, LeavesQty, CumQty, AvgPx; null: whatever it is. */
  private static boolean shows(Message message, String status, String leaves, String filled, String average)
      throws FieldNotFound {
    return message.getString(39).equals(status) && same(message.getString(151), leaves)
        && same(message.getString(14), filled) && (average == null || same(message.getString(6), average));
  }

  private static boolean same(String left, String right) {
    return new BigDecimal(left).compareTo(new BigDecimal(right)) == 0;
  }

  private static Message limit(String id, String side, String quantity, String price) {
    Message order = order("D", id, side);
    order.setString(21, "1");
    order.setString(38, quantity);
    order.setString(40, "2");
    order.setString(44, price);
    order.setString(59, "1");
    return order;
  }

  private static Message market(String id, String side, String quantity) {
    Message order = order("D", id, side);
    order.setString(38, quantity);
    order.setString(40, "1");
    return order;
  }

  private static Message replace(String id, String target, String side, String quantity, String price) {
    Message order = order("G", id, side);
    order.setString(41, target);
    order.setString(38, quantity);
    order.setString(40, "2");
    order.setString(44, price);
    return order;
  }

  private static Message cancel(String id, String target, String side) {
    Message order = order("F", id, side);
    order.setString(41, target);
    return order;
  }

  private static Message order(String type, String id, String side) {
    Message order = new Message();
    order.getHeader().setString(35, type);
    order.setString(11, id);
    order.setString(55, "BTC-PERP");
    order.setString(54, side);
    order.setUtcTimeStamp(60, java.time.LocalDateTime.now(java.time.ZoneOffset.UTC));
    return order;
  }

  private static Message marketDataRequest(String id, String symbol, char kind) {
    MarketDataRequest request = new MarketDataRequest();
    request.setString(262, id);
    request.setChar(263, kind);
    request.setInt(264, 10);
    request.setInt(265, 1);
    for (String type : new String[] {"0", "1", "2"}) {
      MarketDataRequest.NoMDEntryTypes entry = new MarketDataRequest.NoMDEntryTypes();
      entry.setString(269, type);
      request.addGroup(entry);
    }
    MarketDataRequest.NoRelatedSym related = new MarketDataRequest.NoRelatedSym();
    related.setString(55, symbol);
    request.addGroup(related);
    return request;
  }

  private static void check(String sentence, boolean holds) {
    total++;
    if (holds) held++;
    System.out.println((holds ? "  ok      " : "  NOT OK  ") + sentence);
  }
}
