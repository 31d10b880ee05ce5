import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import plimsoll.sbe.*;

/**
 * A client of the binary door that was written from PROTOCOL.md with the codecs that sbe-tool generates:
 *
 *   java FixpPeer PORT SEED-HEX PUBLIC-KEY-HEX REQUESTS
 *
 * Half of the requests place an order, the others cancel the one before. Half-way the connection is cut. Every request must have one
 * answer in the end, the numbers of the server's flow no gap, and all that came again must be what came before.
 */
public final class FixpPeer {
  private static final HexFormat HEX = HexFormat.of();
  private static final int REQUESTS_A_SECOND = 1_800;
  private static final int BURST = 500;
  private static int held;
  private static int total;

  private final int port;
  private final PrivateKey key;
  private final byte[] publicKey;
  private final byte[] sessionId = new byte[16];
  private final String id;
  private final UnsafeBuffer out = new UnsafeBuffer(new byte[1024]);
  private final MessageHeaderEncoder outHeader = new MessageHeaderEncoder();
  /** Bytes of each message of the server's flow by its number. */
  private final Map<Long, byte[]> flow = new ConcurrentHashMap<>();
  /** How often each request was answered; a message that came again counts once. */
  private final Map<Long, AtomicInteger> answers = new ConcurrentHashMap<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger canceled = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger cameAgain = new AtomicInteger();
  private final AtomicInteger cameOtherwise = new AtomicInteger();
  private final AtomicLong flowNext = new AtomicLong();
  private final AtomicLong expected = new AtomicLong();
  private volatile String nonce = "";
  private volatile int terminated = -1;
  private volatile long positions = -1;
  private volatile String lastReject = "";
  private volatile int established;
  private volatile boolean deaf;
  private Socket socket;
  /** Requests that are not sent yet; null: each goes at once. */
  private java.io.ByteArrayOutputStream batch;
  private long incoming;
  private long resume;
  private long again;
  private long lastTimestamp;

  public static void main(String[] args) throws Exception {
    final FixpPeer peer = new FixpPeer(Integer.parseInt(args[0]), HEX.parseHex(args[1]), HEX.parseHex(args[2]));
    peer.run(Integer.parseInt(args[3]));
    System.out.println("checks: " + held + " of " + total + " held");
    System.exit(held == total ? 0 : 1);
  }

  private FixpPeer(int port, byte[] seed, byte[] publicKey) throws Exception {
    this.port = port;
    this.publicKey = publicKey;
    final byte[] der = HEX.parseHex("302e020100300506032b657004220420" + HEX.formatHex(seed));
    key = KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(der));
    final UUID uuid = UUID.randomUUID();
    java.nio.ByteBuffer.wrap(sessionId).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    id = HEX.formatHex(sessionId);
  }

  private void run(int requests) throws Exception {
    connect();
    negotiate();
    check("Negotiate is answered", waitFor(() -> !nonce.isEmpty()));
    establish(1);
    check("Establish is answered", waitFor(() -> established == 1));

    final int half = requests / 2;
    send(1, half - BURST, REQUESTS_A_SECOND);
    // What is answered from here on is lost on its way.
    deaf = true;
    batch = new java.io.ByteArrayOutputStream();
    long seqNo = send(half - BURST + 1, half, Integer.MAX_VALUE);
    // All in one write, then cut without a word: nobody here knows what of it has come.
    socket.getOutputStream().write(batch.toByteArray());
    batch = null;
    Thread.sleep(2);
    socket.setSoLinger(true, 0);
    socket.close();
    long first = 1;
    while (answers.containsKey(first)) first++;
    final long unanswered = first;
    System.out.println("cut after " + half + " requests, " + (seqNo - first) + " of them without an answer");
    int attempts = 0;
    while (established == 1 && attempts++ < 20) {
      Thread.sleep(50);
      connect();
      establish(unanswered);
      waitFor(() -> established == 2 || lastReject.startsWith("AlreadyEstablished"));
      lastReject = "";
    }
    check("Establish after the cut is answered", established == 2);
    check("no number is expected that was not sent", expected.get() <= seqNo && expected.get() >= unanswered);
    final long flowEnd = flowNext.get();
    long from = 1;
    while (flow.containsKey(from)) from++;
    System.out.println((expected.get() - unanswered) + " of these were taken, " + (flowEnd - from) + " messages of the server were missed");
    // A hundred more than are missing: they must be what came before.
    from = Math.max(1, from - 100);
    for (long at = from; at < flowEnd; at += 1_000) retransmit(at, Math.min(1_000, flowEnd - at));
    check("what was missed comes again", waitFor(() -> hasAll(flowEnd)));
    check("what comes again is what came before", cameAgain.get() > 0 && cameOtherwise.get() == 0);
    // Everything that has no answer yet goes once more, with its number, then the rest.
    seqNo = send(unanswered, requests, REQUESTS_A_SECOND);
    check("all requests are answered", waitFor(() -> answers.size() == requests));
    check("each of them once", answers.values().stream().allMatch((count) -> count.get() == 1));
    check("all orders are accepted", accepted.get() == requests / 2);
    check("all orders are canceled", canceled.get() == requests / 2);
    check("nothing is refused", refused.get() == 0);

    massCancel();
    positionRequest();
    check("a question is answered", waitFor(() -> positions >= 0));
    check("no money was made or lost", positions == 1_000_000_000_000L);
    check("no number of the flow is missing", hasAll(flow.size() + 1L));
    terminate();
    check("Terminate is answered", waitFor(() -> terminated == TerminationCode.Finished.value()));
    System.out.println(flow.size() + " messages of the server, " + cameAgain.get() + " of them came again");
  }

  private boolean hasAll(long end) {
    for (long n = 1; n < end; n++) if (!flow.containsKey(n)) return false;
    return true;
  }

  private void connect() throws IOException {
    final Socket opened = new Socket();
    opened.setTcpNoDelay(true);
    opened.connect(new InetSocketAddress("127.0.0.1", port));
    socket = opened;
    deaf = false;
    final Thread reader = new Thread(() -> read(opened));
    reader.setDaemon(true);
    reader.start();
  }

  /** Requests from a number on, up to and with another one; gives the next number. */
  private long send(long from, long to, int requestsASecond) throws Exception {
    final long began = System.nanoTime();
    for (long seqNo = from; seqNo <= to; seqNo++) {
      final long dueNanos = (seqNo - from) * 1_000_000_000L / requestsASecond;
      while (System.nanoTime() - began < dueNanos) Thread.sleep(1);
      if (seqNo % 2 == 1) place(seqNo);
      else cancel(seqNo - 1);
    }
    return to + 1;
  }

  private void place(long clOrdId) throws Exception {
    final NewOrderSingleEncoder order = new NewOrderSingleEncoder().wrapAndApplyHeader(out, 6, outHeader);
    order.clOrdId(clOrdId).orderQty(10).price((int) (990_000 + clOrdId % 1_000)).marketId(1);
    order.expireTime(NewOrderSingleEncoder.expireTimeNullValue()).deadline(NewOrderSingleEncoder.deadlineNullValue());
    order.side(Side.Buy).ordType(OrdType.Limit).timeInForce(TimeInForce.GoodTillCancel);
    order.execInst().clear().postOnly(true);
    order.selfTradePrevention(SelfTradePrevention.CancelTaker);
    send(order.encodedLength());
  }

  private void cancel(long clOrdId) throws Exception {
    final OrderCancelRequestEncoder cancel = new OrderCancelRequestEncoder().wrapAndApplyHeader(out, 6, outHeader);
    cancel.orderId(OrderCancelRequestEncoder.orderIdNullValue()).clOrdId(clOrdId).marketId(1);
    cancel.deadline(OrderCancelRequestEncoder.deadlineNullValue());
    send(cancel.encodedLength());
  }

  private void massCancel() throws Exception {
    final OrderMassActionRequestEncoder mass = new OrderMassActionRequestEncoder().wrapAndApplyHeader(out, 6, outHeader);
    mass.deadline(OrderMassActionRequestEncoder.deadlineNullValue()).side(Side.NULL_VAL);
    mass.marketId(OrderMassActionRequestEncoder.marketIdNullValue());
    send(mass.encodedLength());
  }

  private void positionRequest() throws Exception {
    send(new PositionRequestEncoder().wrapAndApplyHeader(out, 6, outHeader).requestId(7).encodedLength());
  }

  private void negotiate() throws Exception {
    final long time = timestamp();
    final NegotiateEncoder message = new NegotiateEncoder().wrapAndApplyHeader(out, 6, outHeader);
    for (int i = 0; i < 16; i++) message.sessionId(i, (short) (sessionId[i] & 255));
    for (int i = 0; i < 32; i++) message.publicKey(i, (short) (publicKey[i] & 255));
    final byte[] signature = sign("negotiate:plimsoll:" + id + ":" + time);
    for (int i = 0; i < 64; i++) message.signature(i, (short) (signature[i] & 255));
    message.timestamp(time).clientFlow(FlowType.Idempotent);
    message.resumeEpoch(NegotiateEncoder.resumeEpochNullValue());
    message.resumeAccountSeqNo(NegotiateEncoder.resumeAccountSeqNoNullValue());
    send(message.encodedLength());
  }

  private void establish(long nextSeqNo) throws Exception {
    final long time = timestamp();
    final EstablishEncoder message = new EstablishEncoder().wrapAndApplyHeader(out, 6, outHeader);
    for (int i = 0; i < 16; i++) message.sessionId(i, (short) (sessionId[i] & 255));
    final byte[] signature = sign("establish:plimsoll:" + id + ":" + nonce + ":" + time + ":" + nextSeqNo);
    for (int i = 0; i < 64; i++) message.signature(i, (short) (signature[i] & 255));
    // The longest that there is: this client sends no heartbeats, and may have to wait on a busy machine.
    message.timestamp(time).keepaliveInterval(60_000).nextSeqNo(nextSeqNo).cancelOnDisconnect(CancelOnDisconnect.No);
    send(message.encodedLength());
  }

  private void retransmit(long from, long count) throws Exception {
    final int before = cameAgain.get() + flow.size();
    final RetransmitRequestEncoder message = new RetransmitRequestEncoder().wrapAndApplyHeader(out, 6, outHeader);
    for (int i = 0; i < 16; i++) message.sessionId(i, (short) (sessionId[i] & 255));
    message.timestamp(timestamp()).fromSeqNo(from).count(count);
    send(message.encodedLength());
    waitFor(() -> cameAgain.get() + flow.size() >= before + count);
  }

  private void terminate() throws Exception {
    final TerminateEncoder message = new TerminateEncoder().wrapAndApplyHeader(out, 6, outHeader);
    for (int i = 0; i < 16; i++) message.sessionId(i, (short) (sessionId[i] & 255));
    message.code(TerminationCode.Finished).reason("");
    send(message.encodedLength());
  }

  private long timestamp() {
    lastTimestamp = Math.max(lastTimestamp + 1, System.currentTimeMillis());
    return lastTimestamp;
  }

  private byte[] sign(String text) throws Exception {
    final Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(key);
    signature.update(("plimsoll-fixp:v1:" + text).getBytes(StandardCharsets.UTF_8));
    return signature.sign();
  }

  private void send(int encodedLength) throws IOException {
    final int length = 6 + MessageHeaderEncoder.ENCODED_LENGTH + encodedLength;
    out.putInt(0, length, java.nio.ByteOrder.BIG_ENDIAN);
    out.putShort(4, (short) 0xEB50, java.nio.ByteOrder.BIG_ENDIAN);
    final OutputStream stream = batch != null ? batch : socket.getOutputStream();
    stream.write(out.byteArray(), 0, length);
  }

  private void read(Socket from) {
    try {
      final DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(from.getInputStream(), 1 << 16));
      for (;;) {
        final int length = in.readInt();
        if (in.readUnsignedShort() != 0xEB50) throw new IOException("no frame");
        final byte[] bytes = new byte[length - 6];
        in.readFully(bytes);
        take(bytes);
      }
    } catch (EOFException | SocketException ended) {
      // The connection is over; the main thread knows what to do.
    } catch (IOException broken) {
      System.out.println("the connection broke: " + broken);
    }
  }

  private synchronized void take(byte[] bytes) {
    if (deaf) return;
    final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
    final int template = header.templateId();
    if (template > 200 && template < 300) {
      numbered(incoming++, template, bytes, buffer);
      if (again > 0 && --again == 0) incoming = resume;
      return;
    }
    switch (template) {
      case NegotiationResponseDecoder.TEMPLATE_ID -> {
        final NegotiationResponseDecoder message = new NegotiationResponseDecoder().wrapAndApplyHeader(buffer, 0, header);
        final byte[] drawn = new byte[32];
        for (int i = 0; i < 32; i++) drawn[i] = (byte) message.nonce(i);
        nonce = HEX.formatHex(drawn);
      }
      case EstablishmentAckDecoder.TEMPLATE_ID -> {
        final EstablishmentAckDecoder message = new EstablishmentAckDecoder().wrapAndApplyHeader(buffer, 0, header);
        incoming = message.nextSeqNo();
        flowNext.set(incoming);
        expected.set(message.expectedSeqNo());
        again = 0;
        established++;
      }
      case EstablishmentRejectDecoder.TEMPLATE_ID -> {
        lastReject = new EstablishmentRejectDecoder().wrapAndApplyHeader(buffer, 0, header).code().name();
      }
      case RetransmissionDecoder.TEMPLATE_ID -> {
        final RetransmissionDecoder message = new RetransmissionDecoder().wrapAndApplyHeader(buffer, 0, header);
        resume = incoming;
        incoming = message.nextSeqNo();
        again = message.count();
      }
      case SequenceDecoder.TEMPLATE_ID -> {
        final long next = new SequenceDecoder().wrapAndApplyHeader(buffer, 0, header).nextSeqNo();
        if (next != incoming) cameOtherwise.incrementAndGet();
      }
      case TerminateDecoder.TEMPLATE_ID -> {
        final TerminateDecoder message = new TerminateDecoder().wrapAndApplyHeader(buffer, 0, header);
        terminated = message.code().value();
        System.out.println("terminated: " + message.code() + ", " + message.reason());
      }
      default -> System.out.println("message " + template);
    }
  }

  private void numbered(long seqNo, int template, byte[] bytes, UnsafeBuffer buffer) {
    final byte[] before = flow.putIfAbsent(seqNo, bytes);
    if (before != null) {
      cameAgain.incrementAndGet();
      if (!java.util.Arrays.equals(before, bytes)) cameOtherwise.incrementAndGet();
      return;
    }
    final MessageHeaderDecoder header = new MessageHeaderDecoder();
    // Every numbered message begins with the request that it answers.
    final long request = new ExecutionReportNewDecoder().wrap(buffer, 8, bytes.length - 8, 0).requestSeqNo();
    final boolean isAnswer = request != ExecutionReportNewDecoder.requestSeqNoNullValue();
    switch (template) {
      case ExecutionReportNewDecoder.TEMPLATE_ID -> accepted.incrementAndGet();
      case ExecutionReportCancelDecoder.TEMPLATE_ID -> canceled.incrementAndGet();
      case ExecutionReportRejectDecoder.TEMPLATE_ID -> {
        refused.incrementAndGet();
        System.out.println(new ExecutionReportRejectDecoder().wrapAndApplyHeader(buffer, 0, header).text());
      }
      case BusinessMessageRejectDecoder.TEMPLATE_ID -> {
        refused.incrementAndGet();
        System.out.println(new BusinessMessageRejectDecoder().wrapAndApplyHeader(buffer, 0, header).text());
      }
      case PositionReportDecoder.TEMPLATE_ID ->
        positions = new PositionReportDecoder().wrapAndApplyHeader(buffer, 0, header).collateral();
      default -> { }
    }
    final boolean isOrder = template <= ExecutionReportStatusDecoder.TEMPLATE_ID || template == BusinessMessageRejectDecoder.TEMPLATE_ID;
    if (isAnswer && isOrder) answers.computeIfAbsent(request, (n) -> new AtomicInteger()).incrementAndGet();
  }

  private static boolean waitFor(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 3_000 && !condition.getAsBoolean(); i++) Thread.sleep(10);
    return condition.getAsBoolean();
  }

  private static void check(String what, boolean holds) {
    total++;
    if (holds) held++;
    System.out.println((holds ? "ok  " : "NOT OK  ") + what);
  }
}
